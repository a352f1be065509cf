"use strict";

// How a number is printed, carried and reckoned with by hand: the rule of the solution, digit by digit.
const createNumbers = ({ digits, rounding, byHand: isByHand }) => {
  const LARGEST_PLAIN = 1e15;
  const LONGEST = 10; // the exact result of an update is shown where it has no more characters than this beyond the digits
  const smallestPlain = Number(`1e-${Math.min(digits, 4)}`);
  const isDecimal = isByHand || rounding === "half_up";

  // A decimal number: coefficient · 10^exponent, exactly.
  const decimal = (text) => {
    const [, sign, whole, fraction = "", exponent = "0"] =
      /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text);
    const coefficient = BigInt(whole + fraction) * (sign ? -1n : 1n);
    return { coefficient, exponent: Number(exponent) - fraction.length };
  };
  const ten = (power) => 10n ** BigInt(power);
  const size = (number) => (number < 0n ? -number : number);

  const aligned = (one, other) => {
    const exponent = Math.min(one.exponent, other.exponent);
    const raised = (it) => it.coefficient * ten(it.exponent - exponent);
    return [raised(one), raised(other), exponent];
  };
  const minus = (one, other) => {
    const [left, right, exponent] = aligned(one, other);
    return { coefficient: left - right, exponent };
  };
  const times = (one, other) => ({
    coefficient: one.coefficient * other.coefficient,
    exponent: one.exponent + other.exponent,
  });
  const isSame = (one, other) => {
    const [left, right] = aligned(one, other);
    return left === right;
  };

  // Without zeros at its end.
  const normal = ({ coefficient, exponent }) => {
    if (coefficient === 0n) return { coefficient, exponent: 0 };
    const text = String(coefficient);
    const kept = text.replace(/0+$/, "");
    return { coefficient: BigInt(kept), exponent: exponent + text.length - kept.length };
  };

  const inFull = ({ coefficient, exponent }) => {
    const sign = coefficient < 0n ? "-" : "";
    if (exponent >= 0) return sign + size(coefficient) * ten(exponent);
    const text = String(size(coefficient)).padStart(1 - exponent, "0");
    return `${sign}${text.slice(0, exponent)}.${text.slice(exponent)}`;
  };

  // The exponent of the first digit.
  const leading = ({ coefficient, exponent }) => String(size(coefficient)).length - 1 + exponent;

  const withExponent = (mantissa, exponent) =>
    `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;

  // In full, or with an exponent where it begins with many zeros.
  const plain = (number) => {
    const short = normal(number);
    const first = leading(short);
    if (short.coefficient === 0n || first >= -4) return inFull(short);
    return withExponent(inFull({ coefficient: short.coefficient, exponent: short.exponent - first }), first);
  };

  // The shortest digits that say this double, rounded at 10^last.
  const rounded = (number, last) => {
    const { coefficient, exponent } = decimal(String(number));
    if (exponent >= last) return { coefficient: coefficient * ten(exponent - last), exponent: last };
    const unit = ten(last - exponent);
    const down = size(coefficient) / unit;
    const rest = (size(coefficient) % unit) * 2n;
    const isUp = rest > unit || (rest === unit && (rounding === "half_up" || down % 2n === 1n));
    const result = isUp ? down + 1n : down;
    return { coefficient: coefficient < 0n ? -result : result, exponent: last };
  };

  // JavaScript takes an exact tie away from zero; here it goes to the even digit.
  const isEven = (text) => "02468".includes(text.at(-1));

  const halfToEven = (number, places) => {
    const halves = number * 2 ** (places + 1);
    const isTie = Number.isInteger(halves) && halves % 2 !== 0;
    const down = number.toFixed(places + 1).slice(0, places ? -1 : -2);
    return isTie && isEven(down) ? down : number.toFixed(places);
  };
  const fixed = (number) => (isDecimal ? inFull(rounded(number, -digits)) : halfToEven(number, digits));

  const notFinite = (number) => (Number.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf");

  const scientific = (given) => {
    let number = given;
    if (isDecimal) {
      const { coefficient, exponent } = rounded(given, leading(decimal(String(given))) - digits);
      number = Number(`${coefficient}e${exponent}`);
      if (!Number.isFinite(number)) return notFinite(number);
    }
    const [every, first] = number.toExponential(100).split("e");
    const end = every.indexOf(".") + 1 + digits;
    const down = every.slice(0, end);
    if (/^50*$/.test(every.slice(end)) && isEven(down)) return withExponent(down, Number(first));
    const [mantissa, exponent] = number.toExponential(digits).split("e");
    return withExponent(mantissa, Number(exponent));
  };

  // What stands in print; a typed number keeps its digits.
  const format = (number, typed = false) => {
    if (!Number.isFinite(number)) return notFinite(number);
    if (number === 0) return "0";
    if (typed) return inFull(normal(decimal(String(number))));
    const magnitude = Math.abs(number);
    if (Number.isInteger(number) && magnitude < LARGEST_PLAIN) return String(number);
    return smallestPlain <= magnitude && magnitude < LARGEST_PLAIN ? fixed(number) : scientific(number);
  };

  // Whether what is printed is the number rounded as by hand, half up.
  const isRounded = ({ coefficient, exponent }, printed) => {
    const last = Math.min(printed.exponent, -digits);
    if (exponent >= last) return false; // it would be printed in full
    const unit = ten(last - exponent);
    const up = (2n * size(coefficient) + unit) / (2n * unit);
    return isSame({ coefficient: coefficient < 0n ? -up : up, exponent: last }, printed);
  };

  // before - rate · gradient of the printed digits, exactly.
  const byHand = (before, rate, gradient) =>
    minus(decimal(format(before)), times(decimal(rate), decimal(format(gradient))));

  // Whether the printed result of an update is what its printed operands give, and what they give where that
  // is telling.
  const compareUpdate = (before, rate, gradient, after) => {
    if (![before, gradient, after].every(Number.isFinite)) return { relation: "≈", middle: null };
    const exact = byHand(before, rate, gradient);
    const printed = decimal(format(after));
    if (isSame(printed, exact)) return { relation: "=", middle: null };
    const middle = plain(exact);
    const isTelling = isRounded(exact, printed) && middle.length <= LONGEST + digits;
    return { relation: "≈", middle: isTelling ? middle : null };
  };

  return {
    format,
    halfToEven,
    carried: (number) => (Number.isFinite(number) ? Number(format(number)) : number),
    byHand: (before, rate, gradient) => plain(byHand(before, rate, gradient)),
    compareUpdate,
  };
};
