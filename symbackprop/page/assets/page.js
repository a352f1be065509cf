// The page itself: what lights up together, stepping, iterations, the live sheet. Without it everything is there to read.
"use strict";

(() => {
  const MATHML = "http://www.w3.org/1998/Math/MathML";
  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse(byId("data").textContent);
  const words = (template, fields) => template.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  const isSeen = (element) => element.getClientRects().length > 0;
  const unfold = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };

  // What lights up together.

  // A subject is written n:name (a node), d:name (the derivative by it) or e:parent>consumer (an edge).
  const marksOf = (element, prefix = "") =>
    ["n", "d", "e"].flatMap((kind) => {
      const value = element.getAttribute(`data-${prefix}${kind}`);
      return value === null ? [] : [`${kind}:${value}`];
    });
  const equations = all(".eq");
  const subjects = new Map(equations.map((one) => [one, marksOf(one, "of-")]));
  const drawn = all(".drawing .node, .drawing .edge").map((element) => {
    const names = (element.dataset.nodes ?? "").split(" ").filter(Boolean);
    const edges = (element.dataset.edges ?? "").split(" ").filter(Boolean);
    return { element, names: new Set(names), edges: new Set(edges) };
  });
  const shows = (one, mark) => {
    const [kind, name] = [mark[0], mark.slice(2)];
    return kind === "e" ? one.edges.has(name) : one.names.has(name);
  };
  const inside = (element) => all("[data-n], [data-d], [data-e]", element);

  const dark = () => all(".lit, .one").forEach((element) => element.classList.remove("lit", "one"));
  const lightDrawn = (marks, name) =>
    drawn.forEach((one) => marks.some((mark) => shows(one, mark)) && one.element.classList.add(name));

  function lightEquation(equation) {
    dark();
    equation.classList.add("lit");
    lightDrawn(inside(equation).flatMap((mark) => marksOf(mark)), "lit");
    lightDrawn(subjects.get(equation), "one");
  }

  function lightDrawing({ element, names, edges }) {
    dark();
    element.classList.add("one");
    const belongs = (mark) => (mark[0] === "e" ? edges.has(mark.slice(2)) : names.has(mark.slice(2)));
    for (const [equation, marks] of subjects) {
      if (marks.some(belongs)) equation.classList.add("lit");
    }
    for (const mark of all(".eq [data-n], .eq [data-d], .eq [data-e]")) {
      if (marksOf(mark).some(belongs)) mark.classList.add("lit");
    }
  }

  const relight = () => (steps.now ? lightEquation(steps.now) : dark());
  for (const equation of equations) {
    equation.addEventListener("pointerenter", () => lightEquation(equation));
    equation.addEventListener("pointerleave", relight);
    equation.addEventListener("click", () => steps.to(equation, false));
    equation.addEventListener("focus", () => lightEquation(equation));
  }
  for (const one of drawn) {
    one.element.setAttribute("tabindex", "0");
    one.element.addEventListener("pointerenter", () => lightDrawing(one));
    one.element.addEventListener("focus", () => lightDrawing(one));
    one.element.addEventListener("pointerleave", relight);
    one.element.addEventListener("blur", relight);
    const go = () => {
      const about = equations.filter((each) => isSeen(each) && each.classList.contains("lit"));
      const near = one.element.closest(".iteration, section");
      const target = about.find((each) => near?.contains(each)) ?? about[0];
      if (target) steps.to(target);
    };
    one.element.addEventListener("click", () => (lightDrawing(one), go()));
    one.element.addEventListener("keydown", (event) => event.key === "Enter" && go());
  }

  // The drawing of a step: it stays at the top, in all sections.

  const drawings = all(".drawing");
  const stand = document.createElement("div"); // in the place that the drawing has left
  stand.className = "stand";

  // That of its own section, else the nearest one before it.
  function drawingOf(equation) {
    const shown = drawings.filter((one) => !one.closest("[hidden]"));
    const isBefore = (one) => one.compareDocumentPosition(equation) & Node.DOCUMENT_POSITION_FOLLOWING;
    return shown.findLast((one) => one.parentElement.contains(equation)) ?? shown.findLast(isBefore);
  }
  function hold(drawing) {
    const old = document.querySelector(".held");
    if (old !== (drawing ?? null)) {
      old?.classList.remove("held");
      stand.remove();
      if (drawing) {
        unfold(drawing);
        const height = drawing.offsetHeight;
        drawing.classList.add("held");
        // No less than what stays at the top: below it there is always room for the formula.
        stand.style.height = `${Math.max(height, drawing.offsetHeight)}px`;
        drawing.before(stand);
      }
    }
    document.documentElement.style.setProperty("--shown", `${(drawing?.offsetHeight ?? 0) + 16}px`);
  }
  // What is lit goes to the middle of its frame.
  function centre() {
    const frame = document.querySelector(".held");
    const lit = ["one", "lit"].map((name) => all(`.node.${name}, .edge.${name}`, frame ?? stand)).find((them) => them.length);
    if (!frame || !lit) return;
    const boxes = lit.map((one) => one.getBoundingClientRect());
    const middle = (low, high) => (Math.min(...boxes.map(low)) + Math.max(...boxes.map(high))) / 2;
    const { left, top, width, height } = frame.getBoundingClientRect();
    frame.scrollLeft += middle((box) => box.left, (box) => box.right) - left - width / 2;
    frame.scrollTop += middle((box) => box.top, (box) => box.bottom) - top - height / 2;
  }

  // Stepping.

  // The headings above a formula, as they stand there.
  const headings = (element) => {
    const titles = [];
    for (let at = element.closest("section"); at; at = at.parentElement.closest("section")) {
      const title = at.querySelector("h2, h3, h4").cloneNode(true);
      for (const one of all("*", title)) for (const name of one.getAttributeNames()) if (name.startsWith("data-")) one.removeAttribute(name);
      titles.unshift(" · ", ...title.childNodes);
    }
    return titles;
  };
  const steps = {
    now: null,
    factor: -1,
    timer: 0,
    list: () => equations.filter(isSeen),
    to(equation, scroll = true) {
      if (!equation) return;
      this.now?.classList.remove("now");
      this.now = equation;
      this.factor = -1;
      unfold(equation);
      document.body.classList.add("stepping");
      byId("leave").hidden = false;
      equation.classList.add("now");
      const drawing = drawingOf(equation);
      hold(drawing);
      lightEquation(equation);
      centre();
      if (scroll || drawing) equation.scrollIntoView({ block: drawing ? "nearest" : "center" });
      equation.focus({ preventScroll: true });
      const list = this.list();
      const place = words(data.words.step, { number: list.indexOf(equation) + 1, count: list.length });
      byId("now").replaceChildren(place, ...headings(equation));
    },
    // Back to reading.
    leave() {
      if (this.timer) this.play();
      this.now?.classList.remove("now");
      this.now = null;
      document.body.classList.remove("stepping");
      byId("leave").hidden = true;
      byId("now").replaceChildren();
      hold(undefined);
      dark();
    },
    by(count) {
      const list = this.list();
      const place = list.indexOf(this.now);
      if (place < 0) {
        this.to(list.find((one) => one.getBoundingClientRect().top >= 0) ?? list[0]);
      } else {
        this.to(list[Math.min(Math.max(place + count, 0), list.length - 1)]);
      }
      return list.indexOf(this.now) < list.length - 1;
    },
    // The factors of a chain, one by one.
    nextFactor() {
      if (!this.now) this.by(0);
      const side = all(".side", this.now).find((one) => inside(one).length > 1) ?? this.now;
      const factors = inside(side);
      if (!factors.length) return;
      this.factor = (this.factor + 1) % factors.length;
      lightEquation(this.now);
      all(".one").forEach((element) => element.classList.remove("one"));
      factors[this.factor].classList.add("one");
      lightDrawn(marksOf(factors[this.factor]), "one");
      centre();
    },
    play() {
      const playing = this.timer !== 0;
      if (playing) {
        clearInterval(this.timer);
        this.timer = 0;
      } else {
        this.by(1);
        this.timer = setInterval(() => this.by(1) || this.play(), 1600);
      }
      byId("play").textContent = playing ? data.words.play : data.words.pause;
    },
  };

  // Iterations: one is shown, the slider says which.

  const iterations = all(".iteration");
  const slider = byId("iteration");
  function showIteration(place) {
    const old = iterations.find((one) => !one.hidden && one.contains(steps.now));
    const at = old ? all(".eq", old).indexOf(steps.now) : -1;
    iterations.forEach((one, number) => (one.hidden = number !== place));
    slider.value = place + 1;
    byId("iteration-number").textContent = iterations[place].dataset.iteration;
    if (at >= 0) {
      const list = all(".eq", iterations[place]);
      steps.to(list[Math.min(at, list.length - 1)]);
    } else if (steps.now) hold(drawingOf(steps.now));
  }
  if (slider) {
    slider.addEventListener("input", () => showIteration(Number(slider.value) - 1));
    showIteration(0);
  }
  const changeIteration = (by) => {
    if (!slider) return;
    showIteration(Math.min(Math.max(Number(slider.value) - 1 + by, 0), iterations.length - 1));
  };

  // Sections.

  const details = all("details");
  const fold = byId("fold");
  fold.addEventListener("click", () => {
    const open = !details.some((one) => one.open);
    details.forEach((one) => (one.open = open));
    fold.textContent = open ? fold.dataset.close : fold.dataset.open;
  });
  const contents = byId("contents");
  const entries = document.createElement("ul");
  for (const title of all("h2", document.querySelector("main"))) {
    const section = title.closest("section");
    const link = document.createElement("a");
    link.href = `#${section.id}`;
    link.textContent = title.textContent;
    link.addEventListener("click", () => {
      const place = iterations.indexOf(section);
      if (place >= 0) showIteration(place);
      section.querySelector("details").open = true;
    });
    const entry = document.createElement("li");
    entry.append(link);
    entries.append(entry);
  }
  contents.append(entries);
  contents.hidden = false;
  addEventListener("beforeprint", () => details.forEach((one) => (one.open = true)));

  // Buttons and keys.

  byId("first").addEventListener("click", () => steps.to(steps.list()[0]));
  byId("back").addEventListener("click", () => steps.by(-1));
  byId("forward").addEventListener("click", () => steps.by(1));
  byId("factor").addEventListener("click", () => steps.nextFactor());
  byId("play").addEventListener("click", () => steps.play());
  byId("leave").addEventListener("click", () => steps.leave());
  const keys = {
    ArrowRight: () => steps.by(1),
    ArrowLeft: () => steps.by(-1),
    f: () => steps.nextFactor(),
    Escape: () => byId("live")?.hidden !== false && steps.leave(),
    "[": () => changeIteration(-1),
    "]": () => changeIteration(1),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });
  byId("tools").hidden = false;

  // What scrolls sideways fades at the edge behind which there is more.

  const WIDE = ".table, .drawing, .plot, .side";
  function fade(elements) {
    const rests = elements.map((one) => [one, one.scrollLeft, one.scrollWidth - one.clientWidth - one.scrollLeft]);
    for (const [one, before, behind] of rests) {
      one.classList.toggle("more-before", before > 1);
      one.classList.toggle("more-behind", behind > 1);
    }
  }
  const resized = new ResizeObserver((entries) => fade(entries.map((entry) => entry.target)));
  all(WIDE).forEach((one) => resized.observe(one));
  addEventListener("scroll", ({ target }) => target.matches?.(WIDE) && fade([target]), { capture: true, passive: true });

  if (data.sheet) startLiveSheet(createSheet(data.sheet, program));

  // The live sheet: what is typed into its fields changes every number that depends on it.

  function startLiveSheet(sheet) {
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
})();
