"""The page in Typst: its look, and the functions that break equations where they would leave it."""

PAGE = r"""
#set page(paper: "a4", margin: (x: 2.2cm, top: 2.3cm, bottom: 2.5cm), numbering: "1")
#set par(leading: 0.7em, spacing: 0.95em, justify: true)
#set math.mat(column-gap: 0.9em)
#show math.equation: set text(font: ("New Computer Modern Math", "New Computer Modern"))
#show math.equation.where(block: true): set align(start)
#show math.equation.where(block: true): set block(breakable: true, spacing: 0pt)
#show math.equation.where(block: true): set par(leading: 0.85em)
#show title: set text(size: 17pt)
#show title: set block(above: 0pt, below: 1.6em)
#show heading: set text(hyphenate: false)
#show heading.where(level: 1): set text(size: 14pt)
#show heading.where(level: 1): set block(above: 1.9em, below: 0.9em)
#show heading.where(level: 2): set text(size: 11.5pt)
#show heading.where(level: 2): set block(above: 1.6em, below: 0.8em)
#show heading.where(level: 3): set text(size: 10.5pt, style: "italic", weight: "regular")
#show heading.where(level: 3): set block(above: 1.3em, below: 0.7em)
#set table(stroke: none, inset: (x: 0.55em, y: 0.36em))
#show table: set par(justify: false)

// A side of an equation is a piece, or several before each of which it may be broken; likewise a piece.
#let whole(side) = if type(side) == array { side.flatten().map(one => one.body).join() } else { side.body }
#let shown(body) = math.equation(block: true, body)
#let wide(body) = measure(shown(body)).width

#let _rule = table.hline(stroke: 0.5pt)
#let leading(body) = block(sticky: true, body)

// What is still wider than the page is made smaller.
#let shrunk(body, room) = {
  let width = wide(body)
  if width <= room { body } else {
    box(scale(room / width * 100%, reflow: true, shown(body)))
  }
}

// Pieces in lines; a sign at the start of a line keeps its distance.
#let pieces(side, room) = {
  if type(side) != array { (side.body,) }
  else if wide(whole(side)) <= room { (whole(side),) }
  else { side.map(one => pieces(one, room)).flatten() }
}
#let filled(side, room) = {
  let lines = ()
  for piece in pieces(side, room) {
    if lines.len() > 0 and wide(lines.last() + piece) <= room { lines.last() += piece }
    else if lines.len() > 0 { lines.push(math.class("normal", h(2em)) + piece) }
    else { lines.push(piece) }
  }
  lines.map(line => shrunk(line, room))
}

// The lines of an equation, each as what stands left and right of the place where they are aligned.
#let lines-of(equation, left, room) = {
  let (name, ..sides) = equation
  let behind = sides.map(whole).join()
  if left + wide(behind) <= room { return ((name.body, behind),) }
  let rest = room - left
  let lines = ()
  for side in sides {
    if lines.len() > 0 and wide(lines.last() + whole(side)) <= rest { lines.last() += whole(side) }
    else { lines += filled(side, rest) }
  }
  lines.enumerate().map(((place, line)) => (if place == 0 { name.body }, line))
}
#let aligned(equations, room) = {
  let left = calc.max(..equations.map(one => wide(one.first().body).pt())) * 1pt + 0.6em.to-absolute()
  let lines = equations.map(one => lines-of(one, left, room)).join()
  shown(lines.map(((name, line)) => name + $&$.body + line).join(linebreak()))
}

// Equations that are read together, aligned at their relations.
#let formulas(..equations) = block(inset: (left: 1.4em), width: 100%, breakable: true,
  layout(size => aligned(equations.pos(), size.width)))

// A result.
#let result(equation) = block(inset: (left: 1.4em), width: 100%, breakable: false,
  layout(size => block(stroke: 0.6pt, inset: 0.6em, radius: 1.5pt,
    aligned((equation,), size.width - 1.2em.to-absolute()))))

// In a line of text, as high as it is: Typst gives tall formulas a part of the leading.
#let high(body) = {
  set par(leading: 0pt)
  $display(#body)$
}

// Short equations side by side.
#let row(sign, ..equations) = block(inset: (left: 1.4em), width: 100%, layout(size => {
  set par(justify: false, leading: 0.75em)
  let all = equations.pos()
  for (place, equation) in all.enumerate() {
    let last = place + 1 == all.len()
    if wide(whole(equation)) > size.width - 1em.to-absolute() { aligned((equation,), size.width) }
    else { box(high(whole(equation))) + if not last { sign + h(1em) } }
  }
}))

// Where a table is too wide, it is made smaller, unless it has words that can be broken.
#let rules(wraps: false, ..arguments) = block(inset: (left: 1.4em), width: 100%, layout(size => {
  let body = table(table.hline(stroke: 0.9pt), ..arguments, table.hline(stroke: 0.9pt))
  let width = measure(body).width
  if wraps or width <= size.width { body } else { scale(size.width / width * 100%, reflow: true, body) }
}))

// A drawing is made smaller where it is wider than the page, or higher than what a heading leaves of it.
#let drawing(svg, alt) = layout(size => {
  let picture(..width) = image(bytes(svg), format: "svg", alt: alt, ..width)
  let natural = measure(picture())
  let room = page.height - 7.5cm
  if page.flipped { room = page.width - 7cm }
  let factor = calc.min(1, size.width / natural.width, room / natural.height)
  align(center, picture(width: natural.width * factor))
})
"""
