// What the parts of the page share.
"use strict";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const data = JSON.parse(byId("data").textContent);
const words = (template, fields) => template.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
const isSeen = (element) => element.getClientRects().length > 0;
