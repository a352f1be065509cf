"use strict";

// The functions of the expression language that Math does not have: stable, to the last digits of a double.
const mathematics = (() => {
  // erf x = 2/√π e^{-x²} Σ 2ⁿ x^{2n+1}/(2n+1)!!: all terms have one sign, so that none cancels.
  const erfSeries = (x) => {
    let term = x, sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  };

  // e^{-x²} with the square taken exactly: its rounding would grow with x.
  const gauss = (x) => {
    const head = Math.fround(x);
    return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
  };

  // erfc x by its continued fraction, evaluated from the inside out; for x from 1.5 up.
  const erfcFraction = (x) => {
    if (x > 28) return 0;
    let rest = x;
    for (let n = Math.ceil(200 / (x * x)) + 10; n > 0; n -= 1) rest = x + n / 2 / rest;
    return gauss(x) / (rest * Math.sqrt(Math.PI));
  };

  const erfc = (x) => {
    if (x >= 1.5) return erfcFraction(x);
    if (x <= -1.5) return 2 - erfcFraction(-x);
    return 1 - erfSeries(x);
  };
  const erf = (x) => (Math.abs(x) < 1.5 ? erfSeries(x) : 1 - erfc(x));

  const sigmoid = (z) => {
    const small = Math.exp(-Math.abs(z));
    return (z >= 0 ? 1 : small) / (1 + small);
  };
  const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  const clip = (x, low, high) => Math.min(Math.max(x, low), high);
  const elu = (z, alpha) => (z > 0 ? z : alpha * Math.expm1(Math.min(z, 0)));

  const toEven = (x) => {
    const down = Math.floor(x);
    const rest = x - down;
    return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
  };

  return {
    square: (x) => x * x,
    sqrt: Math.sqrt,
    log1p: Math.log1p,
    expm1: Math.expm1,
    absolute: Math.abs,
    signum: Math.sign,
    erf,
    sigmoid,
    softplus,
    elu,
    clip,
    xlogx: (z) => z * Math.log(z === 0 ? 1 : z),
    relu: (z) => Math.max(z, 0),
    leaky_relu: (z, alpha) => (z > 0 ? z : alpha * z),
    selu: (z) => 1.0507009873554805 * elu(z, 1.6732632423543772),
    gelu: (z) => (z / 2) * erfc(-z / Math.SQRT2),
    gelu_tanh: (z) => z * sigmoid(Math.sqrt(8 / Math.PI) * (z + 0.044715 * z ** 3)),
    silu: (z) => z * sigmoid(z),
    mish: (z) => z * Math.tanh(softplus(z)),
    softsign: (z) => z / (1 + Math.abs(z)),
    hard_sigmoid: (z) => clip(z / 6 + 0.5, 0, 1),
    step: (z) => (z >= 0 ? 1 : 0),
    maximum: Math.max,
    minimum: Math.min,
    where: (test, then, other) => (test ? then : other),
    indicator: (test) => (test ? 1 : 0),
    rounded: (x, digits) =>
      digits < 0 ? toEven(x / 10 ** -digits) * 10 ** -digits : toEven(x * 10 ** digits) / 10 ** digits,
    softmax: (index, inputs) => {
      const largest = Math.max(...inputs);
      const raised = inputs.map((z) => Math.exp(z - largest));
      return raised[index - 1] / raised.reduce((sum, one) => sum + one, 0);
    },
  };
})();
