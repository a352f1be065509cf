// The live sheet: what is typed into its fields changes every number that depends on it.
"use strict";

function startLiveSheet(sheet) {
  const equations = all(".eq");
  const panel = byId("live");
  const button = byId("live-button");
  const numbers = all("[data-slot]:not(circle)").map((element) => {
    const first = digitsOf(element.dataset.slot);
    return { element, slot: element.dataset.slot, first, shown: first, original: [...element.childNodes].map((one) => one.cloneNode(true)) };
  });
  const updates = all(".eq.update").map((element) => ({ element, slots: slotsOfUpdate(element) }));

  // The digits that stand in a slot: one number of an array where the slot names its place.
  function digitsOf(slot) {
    const [scope, key, index] = slot.split("|");
    const found = sheet.text(`${scope}|${key}`);
    return index === undefined ? found : index.split(",").reduce((inner, place) => inner?.[place], found);
  }

  function refresh() {
    const trouble = sheet.trouble();
    const warning = byId("infinite");
    warning.hidden = trouble === null;
    if (trouble) {
      const [before, behind] = data.words[trouble.problem === "sum" ? "sum" : "infinite"].split("{name}");
      warning.replaceChildren(before, ...(behind === undefined ? [] : [called(trouble.slot), behind]));
      return;
    }
    for (const place of numbers) {
      const next = digitsOf(place.slot);
      if (next === place.shown) continue;
      if (next === place.first) place.element.replaceChildren(...place.original.map((one) => one.cloneNode(true)));
      else write(place.element, next);
      place.element.classList.toggle("new", next !== place.first);
      place.shown = next;
    }
    updates.forEach(refreshUpdate);
    all("svg.plot").forEach(refreshPlot);
    const inputs = sheet.inputs();
    const isChanged = inputs.some((one) => one.current !== one.value);
    document.body.classList.toggle("changed", isChanged);
    byId("changed").hidden = !isChanged;
    byId("changed").textContent = isChanged ? data.words.changed : "";
    const pinned = new Set(inputs.filter((one) => one.group === "argument" && one.current !== null).map((one) => one.name));
    equations.forEach((one) => one.classList.toggle("pinned", pinned.has(one.dataset.ofN) && one.querySelector("[data-slot]") !== null));
  }

  // The name of what stands in a slot, in mathematics where the page has it.
  function called(slot) {
    const key = slot.split("|")[1];
    const isOf = (one) => one?.dataset.slot.split("|", 2).join("|") === slot;
    const line = equations.find((one) => isOf(all("[data-slot]", one).at(-1)));
    return formulaOf(key) ?? line?.querySelector(".left math").cloneNode(true) ?? data.words[key.startsWith("loss ") ? "loss" : "derivative"];
  }
  function formulaOf(name) {
    if (!Object.hasOwn(data.names, name)) return null;
    const holder = document.createElement("template");
    holder.innerHTML = data.names[name];
    return holder.content.firstChild;
  }

  // w = w − η ∂L/∂w = the exact result of the printed operands, where it is telling, ≈ the true value.
  function slotsOfUpdate(element) {
    const operands = all(".side [data-slot]", element).map((one) => one.dataset.slot);
    return operands.length === 4 ? operands : null;
  }
  function refreshUpdate({ element, slots }) {
    if (!slots) return;
    const [before, rate, gradient, after] = slots;
    const typed = sheet.text(rate);
    const digits = typed.includes("/") ? sheet.format(sheet.get(rate)) : typed;
    const { relation, middle } = sheet.compareUpdate(sheet.get(before), digits, sheet.get(gradient), sheet.get(after));
    const sides = all(".side", element);
    const last = sides.at(-1);
    last.querySelector("mo").textContent = relation;
    let spare = element.querySelector(".by-hand");
    if (!spare && middle !== null) {
      spare = sides.at(-2).cloneNode(false);
      spare.classList.add("by-hand");
      const formula = document.createElementNS(MATHML, "math");
      formula.append(mathElement("mo", "="), mathElement("mrow", ""));
      spare.append(formula);
      last.before(spare);
    }
    if (spare) spare.classList.toggle("spare", middle === null);
    if (middle !== null) write(spare.querySelector("mrow"), middle);
  }

  // The points and the line of a plot; what leaves the axes stands at their edge.
  function refreshPlot(plot) {
    const { scale, y0, y1, zero, ymin, ymax } = plot.querySelector(".plotting").dataset;
    const [foot, top, least, low, high] = [y0, y1, zero, ymin, ymax].map(Number);
    const rule = scale === "log" ? Math.log10 : (value) => value;
    const placeOf = (value) => {
      if (scale === "log" && value <= 0) return least;
      const y = foot + ((top - foot) * (rule(value) - rule(low))) / (rule(high) - rule(low));
      return Math.min(Math.max(y, top), least);
    };
    for (const series of all(".series", plot)) {
      const points = all(".point", series);
      for (const point of points) {
        const value = sheet.get(point.dataset.slot);
        if (value === undefined) continue;
        point.setAttribute("cy", placeOf(value).toFixed(2));
        point.querySelector("title").textContent = `${point.dataset.x}: ${sheet.format(value)}`;
      }
      const joined = points.map((point) => `${point.getAttribute("cx")},${point.getAttribute("cy")}`);
      series.querySelector(".line").setAttribute("points", joined.join(" "));
      const marks = series.querySelector(".marks");
      marks?.setAttribute("points", marks.dataset.places.split(" ").map((place) => joined[place]).join(" "));
    }
  }

  // Fields, in groups.
  const LONGEST_LABEL = 6; // letters of a name beside which a second field has room
  const fields = new Map();
  const groups = new Map();
  for (const input of sheet.inputs()) {
    const group = input.example === null ? input.group : `example ${input.example}`;
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(input);
  }
  const order = ["training", "argument"];
  const rank = (group) => (order.includes(group) ? order.indexOf(group) : order.length);
  for (const [group, inputs] of [...groups].sort(([one], [other]) => rank(one) - rank(other))) {
    const frame = document.createElement("fieldset");
    const legend = document.createElement("legend");
    const example = /^example (\d+)$/.exec(group);
    legend.textContent = example ? words(data.words.example, { number: example[1] }) : data.words[group];
    const list = document.createElement("div");
    list.className = "fields";
    list.append(...inputs.map(field));
    list.classList.toggle("long", all("label span", list).some((one) => one.textContent.length > LONGEST_LABEL));
    frame.append(legend, list);
    byId("inputs").append(frame);
  }
  function field(input) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "text";
    box.inputMode = "decimal";
    box.autocomplete = "off";
    box.value = input.typed.replace(".", data.point);
    box.dataset.input = input.id;
    if (input.group === "argument") box.placeholder = data.words.computed;
    box.addEventListener("input", () => {
      const isFreed = input.group === "argument" && box.value.trim() === "";
      if (isFreed) sheet.pin(input.name, null);
      const isTaken = isFreed || sheet.set(input.id, box.value);
      tell(input, box, isTaken);
      box.classList.toggle("changed", isTaken && !isFreed && numberOf(box.value) !== input.value);
      refresh();
    });
    fields.set(input.id, box);
    const name = document.createElement("span");
    const place = input.index.map((one) => `[${one}]`).join("");
    name.append(formulaOf(input.name + place) ?? input.name);
    label.append(name, box);
    return label;
  }
  // Below a field that holds no number: which number the page goes on with.
  function tell(input, box, isTaken) {
    const id = `wrong-${input.id.replaceAll(" ", "-")}`;
    byId(id)?.remove();
    box.removeAttribute("aria-describedby");
    box.setAttribute("aria-invalid", String(!isTaken));
    if (isTaken) return;
    const kept = sheet.inputs().find((one) => one.id === input.id).shown;
    const message = document.createElement("p");
    message.id = id;
    message.className = "wrong";
    message.setAttribute("role", "alert");
    message.textContent =
      kept === null ? data.words["wrong-argument"] : words(data.words.wrong, { number: kept.replace("-", "−").replace(".", data.point) });
    box.setAttribute("aria-describedby", id);
    box.closest("label").after(message);
  }

  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    document.body.classList.toggle("with-sheet", !panel.hidden);
    if (!panel.hidden) panel.querySelector("input")?.focus();
  });
  byId("reset").addEventListener("click", () => {
    sheet.reset();
    for (const input of sheet.inputs()) {
      const box = fields.get(input.id);
      box.value = input.typed.replace(".", data.point);
      box.classList.remove("changed");
      tell(input, box, true);
    }
    refresh();
  });
  const close = () => {
    button.click();
    button.focus();
  };
  byId("live-close").addEventListener("click", close);
  addEventListener("keydown", (event) => event.key === "Escape" && !panel.hidden && close());
}

// Numbers, as they stand in the page.

function mathElement(tag, text, attributes = {}) {
  const element = document.createElementNS(MATHML, tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
function partsOf(digits) {
  const [, sign, mantissa, power] = /^(-?)([^e]+)(?:e(.+))?$/.exec(digits);
  const exponent = power === undefined ? "" : String(Number(power)).replace("-", "−");
  return { sign: sign && "−", mantissa: mantissa.replace(".", data.point), exponent };
}
function write(element, digits) {
  const { sign, mantissa, exponent } = partsOf(digits);
  if (element.namespaceURI === MATHML) {
    const parts = [];
    if (sign) parts.push(mathElement("mo", sign, { form: "prefix" }));
    parts.push(mathElement("mn", mantissa));
    if (exponent) {
      const power = mathElement("msup", "");
      const raised = mathElement("mrow", "");
      if (exponent.startsWith("−")) raised.append(mathElement("mo", "−", { form: "prefix" }));
      raised.append(mathElement("mn", exponent.replace("−", "")));
      power.append(mathElement("mn", "10"), raised);
      parts.push(mathElement("mo", "×"), power);
    }
    if (sign && element.hasAttribute("data-w")) {
      parts.unshift(mathElement("mo", "(", { stretchy: "false" }));
      parts.push(mathElement("mo", ")", { stretchy: "false" }));
    }
    element.replaceChildren(...parts);
  } else if (element.namespaceURI.endsWith("svg")) writeDrawn(element, sign + mantissa, exponent);
  else {
    element.replaceChildren(sign + mantissa);
    if (exponent) {
      const raised = document.createElement("sup");
      raised.textContent = exponent;
      element.append("×10", raised);
    }
  }
}
function writeDrawn(element, mantissa, exponent) {
  const tspan = (text, attributes) => {
    const one = document.createElementNS(element.namespaceURI, "tspan");
    one.textContent = text;
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    return one;
  };
  element.replaceChildren(mantissa);
  if (exponent) element.append("×10", tspan(exponent, { class: "exponent", dy: "-5", "font-size": "10.1" }));
}
