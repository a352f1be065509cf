// The page: what lights up together, stepping, iterations. Without it everything is there to read.
"use strict";

(() => {
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
})();
