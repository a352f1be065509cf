"use strict";

// The number that a text is: decimals with a point or a comma, with an exponent, or p/q; NaN: it is none.
const plainDigits = (text) => text.trim().replaceAll("−", "-").replace(",", ".");
const fractionOf = (text) => {
  const parts = /^([+-]?\d+)\/(\d+)$/.exec(plainDigits(text));
  return parts && parts.slice(1).map((part) => BigInt(part.replace("+", "")));
};
const numberOf = (text) => {
  const fraction = fractionOf(text);
  if (!fraction && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plainDigits(text))) return NaN;
  const number = fraction ? Number(fraction[0]) / Number(fraction[1]) : Number(plainDigits(text));
  return Number.isFinite(number) ? number : NaN;
};

// The live sheet: every number of a page by its slot, computed anew after a change.
//
// `data` and `program` are what symbackprop.live.live_sheet gives. A slot is `scope|key`: `pass 1.0|z_1`,
// `batch 1|loss`, `state 2|w_11`, `training|eta`. Arrays are nested lists.
const createSheet = (data, program) => {
  const numbers = createNumbers(data.rule);
  const placeOf = new Map(data.inputs.map((input, place) => [input.id, place]));
  const placeInRow = new Map(data.inputs.map(({ example, name }, place) => [`${example}|${name}`, place]));
  let values, texts, pins, states, gradients, losses, passes, decimals, found, isStale;

  const nested = (places, pick) =>
    Array.isArray(places) ? places.map((inner) => nested(inner, pick)) : pick(places);

  const reset = () => {
    values = data.inputs.map((input) => input.value);
    texts = data.inputs.map((input) => input.typed);
    pins = new Map();
    isStale = true;
  };

  // One forward and backward pass: the given numbers and the lines of the program behind them.
  const run = (which, theta, examples, isForward) => {
    const { given, pinned, output } = data.programs[which];
    let x = given.map(([kind, place, column]) => {
      if (kind === "parameter") return theta[place];
      return values[kind === "row" ? data.rows[examples[place]][column] : place];
    });
    if (data.isCarried) x = x.map(numbers.carried);
    const byHand = new Map();
    for (const [name, number] of pins) if (Object.hasOwn(pinned, name)) byHand.set(pinned[name], number);
    const pin = (line, value) => byHand.get(line) ?? value;
    const lines = program[which](x, mathematics, pin, numbers.carried, isForward);
    const all = x.concat(lines);
    return { which, all, loss: all[output] };
  };

  // The first trouble met: a number that is infinite or none, targets that do not add up to 1.
  const report = (slot, problem) => {
    found ??= { slot, problem };
  };
  const check = (scope, { which, all }) => {
    const { readings, summing } = data.programs[which];
    const place = all.findIndex((number) => !Number.isFinite(number));
    if (place >= 0 && !found) {
      const holds = ([places]) => [places].flat(Infinity).includes(place);
      const [key] = Object.entries(readings).find(([, reading]) => holds(reading)) ?? [""];
      report(`${scope}|${key}`, Number.isNaN(all[place]) ? "nan" : "infinite");
    }
    const total = (targets) => targets.reduce((sum, target) => sum + all[target], 0);
    if (!summing.every((targets) => Math.abs(total(targets) - 1) <= 1e-9)) report(scope, "sum");
  };

  const setting = (name) => {
    const place = data.training.settings[name];
    return place === undefined ? 0 : values[place];
  };

  // The updates of all parameters at once; what an optimizer remembers stays in `memory`.
  const sgd = (theta, slopes, memory) => {
    const [rate, momentum] = [setting("learning_rate"), setting("momentum")];
    const isFirst = memory.count === 0;
    memory.count += 1;
    memory.first = slopes.map((g, i) => (momentum && !isFirst ? momentum * memory.first[i] + g : g));
    const along = (i) => (data.training.isNesterov ? slopes[i] + momentum * memory.first[i] : memory.first[i]);
    return theta.map((w, i) => w - rate * along(i));
  };
  const adam = (theta, slopes, memory) => {
    const [rate, one, two] = ["learning_rate", "beta_1", "beta_2"].map(setting);
    memory.count += 1;
    memory.first = slopes.map((g, i) => one * memory.first[i] + (1 - one) * g);
    memory.second = slopes.map((g, i) => two * memory.second[i] + (1 - two) * (g * g));
    const mean = (i) => memory.first[i] / (1 - one ** memory.count);
    const square = (i) => memory.second[i] / (1 - two ** memory.count);
    return theta.map((w, i) => w - (rate * mean(i)) / (Math.sqrt(square(i)) + setting("epsilon")));
  };
  const optimizers = { sgd, adam };

  const updated = (theta, gradient, memory) => {
    const decay = setting("weight_decay");
    const slopes = decay ? gradient.map((g, i) => g + decay * theta[i]) : gradient;
    const next = optimizers[data.training.optimizer](theta, slopes, memory);
    return data.isCarried && data.isTraining ? next.map(numbers.carried) : next;
  };

  // The examples of a batch one by one, or together where a graph of arrays combines them itself.
  const parts = (examples) =>
    data.isTogether || examples.length < 2 ? [examples] : examples.map((example) => [example]);

  const combined = (each) => {
    const sum = each.reduce((total, one) => total + one, 0);
    return each.length > 1 && data.training.isMean ? sum / each.length : sum;
  };

  // The losses at one state of the parameters, a column for each example.
  const lossesOf = (theta, state) => {
    const { program: which, columns } = data.losses;
    return columns.map((examples, place) => {
      const { loss } = run(which, theta, examples, true);
      const slot = `state ${state}|loss ${place + 1}`;
      if (!Number.isFinite(loss)) report(slot, Number.isNaN(loss) ? "nan" : "infinite");
      return loss;
    });
  };

  const recompute = () => {
    isStale = false;
    found = null;
    passes = new Map();
    decimals = new Map();
    const start = data.start.map((place) => values[place]);
    let theta = data.isCarried ? start.map(numbers.carried) : start;
    const memory = { count: 0, first: theta.map(() => 0), second: theta.map(() => 0) };
    states = [theta];
    gradients = data.iterations.map(({ program: which, examples }, number) => {
      const each = parts(examples).map((part, place) => {
        const scope = `pass ${number + 1}.${place}`;
        const pass = run(which, theta, part, false);
        passes.set(scope, pass);
        check(scope, pass);
        return pass;
      });
      const { gradients: places, scale } = data.programs[which];
      const slopes = places.map((place) => combined(each.map(({ all }) => all[place] / scale)));
      if (data.training) {
        theta = updated(theta, slopes, memory);
        states.push(theta);
        const bad = theta.findIndex((one) => !Number.isFinite(one));
        const holds = ([, places]) => [places].flat(Infinity).includes(bad);
        const [key] = Object.entries(data.parameters).find(holds) ?? [];
        if (bad >= 0) report(`state ${number + 1}|${key}`, Number.isNaN(theta[bad]) ? "nan" : "infinite");
      }
      return { slopes, loss: combined(each.map(({ loss }) => loss)) };
    });
    losses = data.losses ? states.map(lossesOf) : [];
    return found;
  };

  const inPass = (scope, key) => {
    const pass = passes.get(scope);
    if (!pass || !Object.hasOwn(data.programs[pass.which].readings, key)) return undefined;
    const [places, number] = data.programs[pass.which].readings[key];
    return places === null ? number : nested(places, (place) => pass.all[place] / number);
  };

  const inBatch = (number, key) => {
    const batch = gradients[number - 1];
    if (!batch) return undefined;
    if (key === "loss") return batch.loss;
    const norm = (slopes) => Math.hypot(...slopes); // squares alone would be lost below 1e-162
    if (key === "norm") return norm(batch.slopes);
    if (Object.hasOwn(data.norms, key)) return norm(data.norms[key].map((place) => batch.slopes[place]));
    return Object.hasOwn(data.gradients, key)
      ? nested(data.gradients[key], (place) => batch.slopes[place])
      : undefined;
  };

  const mean = (row) => row.reduce((sum, loss) => sum + loss, 0) / row.length;

  const inState = (state, key) => {
    if (!states[state]) return undefined;
    if (Object.hasOwn(data.parameters, key)) {
      return nested(data.parameters[key], (place) => states[state][place]);
    }
    const row = losses[state];
    if (!row) return undefined;
    if (key === "mean of all") return mean(row);
    if (key === "mean of used") return mean(data.losses.used.map((place) => row[place]));
    return key.startsWith("loss ") ? row[Number(key.slice("loss ".length)) - 1] : undefined;
  };

  const split = (slot) => {
    const bar = slot.indexOf("|");
    return [slot.slice(0, bar), slot.slice(bar + 1)];
  };

  // The input that a slot shows as it was typed: a constant, a number of the update.
  const typedPlace = (scope, key) => {
    if (scope.startsWith("example ")) return placeInRow.get(`${scope.slice("example ".length)}|${key}`);
    const places = scope === "training" ? data.training?.letters : scope.startsWith("pass ") ? data.constants : {};
    return places && Object.hasOwn(places, key) ? places[key] : undefined;
  };

  const get = (slot) => {
    if (isStale) recompute();
    const [scope, key] = split(slot);
    if (scope.startsWith("pass ")) return inPass(scope, key);
    if (scope.startsWith("batch ")) return inBatch(Number(scope.slice("batch ".length)), key);
    if (scope.startsWith("state ")) return inState(Number(scope.slice("state ".length)), key);
    const place = typedPlace(scope, key);
    return place === undefined ? undefined : values[place];
  };

  // In the table of examples all numbers of a column have the decimals that the longest of them needs.
  const decimalsOf = (column) => {
    if (!decimals.has(column)) {
      const needed = data.inputs.map(({ example, name }, place) => {
        if (example === null || name !== column) return 0;
        return texts[place].includes("/") ? Infinity : (texts[place].split(".")[1] ?? "").length;
      });
      decimals.set(column, Math.min(data.rule.digits, needed.reduce((most, one) => Math.max(most, one), 0)));
    }
    return decimals.get(column);
  };

  // The slot as it is printed; of an array nested lists.
  const text = (slot) => {
    const [scope, key] = split(slot);
    const place = typedPlace(scope, key);
    const value = get(slot);
    if (place !== undefined) return scope.startsWith("example ") ? numbers.halfToEven(value, decimalsOf(key)) : texts[place];
    return value === undefined ? undefined : nested(value, (number) => numbers.format(number));
  };

  const pin = (name, number) => {
    isStale = true;
    if (number === null) pins.delete(name);
    else if (Number.isFinite(number)) pins.set(name, number);
  };

  // A fraction whose decimals do not end is written as one.
  const typed = (text, number) => {
    const [above, below] = fractionOf(text) ?? [];
    if (!below) return numbers.format(number, true);
    const common = (one, other) => (other ? common(other, one % other) : one);
    const divisor = common(above < 0n ? -above : above, below);
    let rest = below / divisor;
    for (const prime of [2n, 5n]) while (rest % prime === 0n) rest /= prime;
    return rest === 1n ? numbers.format(number, true) : `${above / divisor}/${below / divisor}`;
  };

  // A number, or a text that is one; whether it was taken.
  const set = (id, given) => {
    const number = typeof given === "string" ? numberOf(given) : given;
    const place = placeOf.get(id);
    if (place === undefined || !Number.isFinite(number)) return false;
    if (data.inputs[place].group === "argument") pin(data.inputs[place].name, number);
    else {
      values[place] = number;
      texts[place] = typeof given === "string" ? typed(given, number) : numbers.format(number, true);
    }
    isStale = true;
    return true;
  };

  const inputs = () =>
    data.inputs.map((input, place) => {
      if (input.group !== "argument") return { ...input, current: values[place], shown: texts[place] };
      const current = pins.get(input.name) ?? null;
      return { ...input, current, shown: current === null ? null : numbers.format(current, true) };
    });

  const trouble = () => {
    if (isStale) recompute();
    return found;
  };

  reset();
  return { get, text, inputs, set, pin, reset, recompute, trouble, ...numbers };
};
