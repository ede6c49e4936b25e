(() => {
"use strict";
const STATES = JSON.parse(document.getElementById("states").textContent);
const GOOD = new Set(["same", "near", "accepted", "skipped"]), OPEN = new Set(["unbound", "unreached", "fixed"]);
const MOST = 5000; // cells drawn at once; beyond that, lines are folded
const card = document.getElementById("card"), say = document.getElementById("say");

const letters = n => { let s = ""; for (; n > 0; n = Math.floor((n - 1) / 26)) s = String.fromCharCode(65 + (n - 1) % 26) + s; return s; };
const plural = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
const shown = v => v === null ? "nothing" : typeof v === "boolean" ? String(v).toUpperCase() : String(v);
function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) element[key] = value;
  element.append(...children);
  return element;
}

class Sheet {
  constructor(host) {
    this.host = host;
    this.data = JSON.parse(host.querySelector("script").textContent);
    const { r, c } = this.data;
    this.at = new Map();
    const rows = new Set(), columns = new Set();
    for (let k = 0; k < r.length; k++) {
      rows.add(r[k]); columns.add(c[k]);
      const key = r[k] * 16385 + c[k], there = this.at.get(key);
      if (there) there.push(k); else this.at.set(key, [k]);
    }
    const sorted = set => [...set].sort((a, b) => a - b);
    // What is wide and low is turned on its side, so that it can fold as well.
    this.turned = columns.size > 60 && columns.size > rows.size;
    this.lines = sorted(this.turned ? columns : rows);
    this.across = sorted(this.turned ? rows : columns);
    this.causes = new Set(this.data.causes);
    this.draw();
  }
  state(k) { return this.data.s.charCodeAt(k) - 97; }
  place(line, across) { return this.turned ? [across, line] : [line, across]; }
  held(line, across) { const [row, column] = this.place(line, across); return this.at.get(row * 16385 + column) || []; }
  address(row, column) { return letters(column) + row; }
  lineName(line) { return this.turned ? letters(line) : String(line); }
  expected(k) { return this.data.e[k]; }
  actual(k) { const v = this.data.a[k]; return STATES[this.state(k)][0] === "same" && v === null ? this.data.e[k] : v; }
  formula(k) {
    const f = this.data.f[k];
    if (f < 0) return null;
    return this.data.shapes[f]
      .replace(/\x01(-?\d+);/g, (_, n) => letters(this.data.c[k] + Number(n)))
      .replace(/\x02(-?\d+);/g, (_, n) => String(this.data.r[k] + Number(n)));
  }
  difference(k) {
    const e = this.expected(k), a = this.actual(k);
    return typeof e === "number" && typeof a === "number" ? a - e : null;
  }
  level(k) {
    const d = this.difference(k);
    if (d === null) return 3;
    const relative = Math.abs(d) / Math.max(Math.abs(this.expected(k)), 1e-300);
    return relative < 1e-6 ? 0 : relative < 1e-3 ? 1 : relative < 1 ? 2 : 3;
  }
  worst(ks) {
    let best = ks[0];
    for (const k of ks) {
      const by = this.state(k) - this.state(best);
      if (by < 0 || (by === 0 && this.state(k) === 0 && this.level(k) > this.level(best))) best = k;
    }
    return best;
  }
  draw() {
    const table = make("table");
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", `Cells of ${this.data.sheet}${this.turned ? ", columns running down" : ""}`);
    const head = make("tr", {}, make("th", { scope: "col" }, make("span", { className: "unseen", textContent: this.turned ? "column" : "row" })));
    for (const across of this.across) head.append(make("th", { scope: "col", textContent: this.turned ? String(across) : letters(across) }));
    this.body = make("tbody");
    table.append(make("thead", {}, head), this.body);
    this.body.append(...this.rows(0, this.lines.length, 0));
    const frame = this.host.querySelector(".map");
    frame.removeAttribute("tabindex"); // its cells take the focus themselves
    if (this.turned) frame.append(make("p", { className: "dim", textContent: "Turned on its side: the sheet's columns run down." }));
    frame.append(table);
    const first = this.body.querySelector(".cause") || this.body.querySelector(".bad") || this.body.querySelector("td.cell");
    if (first) {
      first.tabIndex = 0;
      frame.scrollTop = Math.max(0, first.offsetTop - frame.clientHeight / 2);
      frame.scrollLeft = Math.max(0, first.offsetLeft - frame.clientWidth / 2);
    }
    table.addEventListener("keydown", event => this.key(event));
    table.addEventListener("click", event => this.click(event));
    for (const name of ["pointerover", "focusin"]) table.addEventListener(name, event => this.describe(event));
    table.addEventListener("pointerleave", rest);
    table.addEventListener("focusout", hide);
  }
  rows(from, to, depth) {
    const count = to - from, fits = Math.max(2, Math.min(40, Math.floor(MOST / this.across.length)));
    if (count * this.across.length <= MOST || count <= 2) {
      return Array.from({ length: count }, (_, n) => this.line(from + n, depth));
    }
    const size = Math.ceil(count / Math.min(fits, count)), found = [];
    for (let at = from; at < to; at += size) found.push(this.fold(at, Math.min(at + size, to), depth));
    return found;
  }
  line(index, depth) {
    const line = this.lines[index], row = make("tr", { className: `depth${Math.min(depth, 2)}` });
    if (index > 0 && line !== this.lines[index - 1] + 1) row.classList.add("gap");
    row.append(make("th", { scope: "row", textContent: this.lineName(line) }));
    for (const across of this.across) {
      const ks = this.held(line, across);
      row.append(ks.length ? this.cell(ks) : make("td"));
    }
    row.classList.toggle("fine", !row.querySelector(".bad"));
    return row;
  }
  cell(ks) {
    const k = this.worst(ks), [name, sign] = STATES[this.state(k)], d = this.difference(k);
    const cell = make("td", { className: `cell s-${name}`, tabIndex: -1, textContent: sign });
    if (name === "mismatch") {
      cell.classList.add(`d${this.level(k)}`);
      if (d !== null && d !== 0) cell.textContent += String(Math.floor(Math.log10(Math.abs(d)))).replace("-", "−");
    }
    if (!GOOD.has(name) && !OPEN.has(name)) cell.classList.add("bad");
    if (ks.some(one => this.causes.has(one))) cell.classList.add("cause");
    cell.ks = ks;
    return cell;
  }
  fold(from, to, depth) {
    const row = make("tr", { className: `fold depth${Math.min(depth, 2)}` });
    const name = to - from === 1 ? this.lineName(this.lines[from]) : `${this.lineName(this.lines[from])}–${this.lineName(this.lines[to - 1])}`;
    row.button = make("button", { type: "button", tabIndex: -1, textContent: `▸ ${name}` });
    row.button.setAttribute("aria-expanded", "false");
    row.append(make("th", { scope: "row" }, row.button));
    Object.assign(row, { from, to, depth, name, kids: null });
    for (const across of this.across) {
      const ks = [];
      for (let n = from; n < to; n++) ks.push(...this.held(this.lines[n], across));
      if (!ks.length) { row.append(make("td")); continue; }
      const cell = this.cell(ks);
      const state = this.state(this.worst(ks)), alike = ks.filter(k => this.state(k) === state).length;
      if (!GOOD.has(STATES[state][0])) cell.textContent = `${STATES[state][1]} ${alike}`;
      cell.said = `${this.turned ? `row ${across}, columns` : `column ${letters(across)}, rows`} ${name}: ` + this.summary(ks);
      row.append(cell);
    }
    row.classList.toggle("fine", !row.querySelector(".bad"));
    return row;
  }
  summary(ks) {
    const counts = new Map();
    for (const k of ks) counts.set(this.state(k), (counts.get(this.state(k)) || 0) + 1);
    return [...counts].sort((a, b) => a[0] - b[0]).map(([state, n]) => `${plural(n, "cell")} ${STATES[state][2].split(/[:;]/)[0]}`).join("; ");
  }
  toggle(row, open = row.kids === null) {
    if (open === (row.kids !== null)) return;
    row.button.setAttribute("aria-expanded", String(open));
    row.button.textContent = `${open ? "▾" : "▸"} ${row.name}`;
    if (open) {
      row.kids = this.rows(row.from, row.to, row.depth + 1);
      row.after(...row.kids);
    } else {
      const drop = kids => kids.forEach(kid => { if (kid.kids) drop(kid.kids); kid.remove(); });
      drop(row.kids);
      row.kids = null;
    }
  }
  click(event) {
    const row = event.target.closest("tr.fold");
    if (row && event.target.closest("td.cell, button")) { hide(); this.toggle(row); }
  }
  key(event) {
    const here = event.target.closest("td, th"), row = here && here.parentElement;
    if (!row || !this.body.contains(row)) return;
    if (event.key === "Escape") { hide(); return; }
    if ((event.key === "Enter" || event.key === " ") && here.matches("tr.fold td")) { event.preventDefault(); this.toggle(row); return; }
    const wanted = cell => cell && (cell.matches("td.cell") ? cell : cell.querySelector("button"));
    let next = null;
    const walk = (start, step) => { for (let at = step(start); at; at = step(at)) { const found = wanted(at); if (found) return found; } return null; };
    const column = here.cellIndex;
    const down = (start, step) => { for (let at = step(start); at; at = step(at)) { const found = wanted(at.cells[column]); if (found) return found; } return null; };
    if (event.key === "ArrowRight") next = walk(here, at => at.nextElementSibling);
    else if (event.key === "ArrowLeft") next = walk(here, at => at.previousElementSibling);
    else if (event.key === "ArrowDown") next = down(row, at => at.nextElementSibling);
    else if (event.key === "ArrowUp") next = down(row, at => at.previousElementSibling);
    else if (event.key === "Home") next = wanted([...row.cells].find(wanted));
    else if (event.key === "End") next = wanted([...row.cells].reverse().find(wanted));
    else return;
    event.preventDefault();
    if (next) this.focus(next);
  }
  focus(element) {
    for (const old of this.body.querySelectorAll("td[tabindex='0']")) old.tabIndex = -1;
    if (element.matches("td")) element.tabIndex = 0;
    element.focus();
  }
  describe(event) {
    // What scrolls beneath a pointer at rest is not pointed at.
    if (event.type === "pointerover" && event.clientX === pointer[0] && event.clientY === pointer[1]) return;
    const cell = event.target.closest("td.cell");
    if (!cell) { if (event.type === "pointerover") rest(); return; }
    this.show(cell);
    if (event.type === "focusin") cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  show(cell) {
    card.replaceChildren(...(cell.said ? [make("p", { textContent: cell.said }), make("p", { className: "dim", textContent: "click, or press Enter, to unfold" })] : cell.ks.map(k => this.facts(k))));
    cell.setAttribute("aria-label", cell.said || cell.ks.map(k => this.words(k)).join(". "));
    place(cell);
  }
  properties(k) {
    const { q, i, quantities } = this.data, state = STATES[this.state(k)], d = this.difference(k);
    const facts = [["cell", `${this.data.sheet}!${this.address(this.data.r[k], this.data.c[k])}`]];
    if (q[k] >= 0) facts.push(["quantity", `${quantities[q[k]][1]}[${i[k]}] in ${quantities[q[k]][0]}`]);
    facts.push(["status", `${state[1]} ${state[2].split(";")[0]}`]);
    if (q[k] >= 0) {
      facts.push(["expected", shown(this.expected(k))], ["actual", shown(this.actual(k))]);
      if (d !== null) facts.push(["difference", d === 0 ? "0" : d.toExponential(2)]);
      facts.push(["formula", this.formula(k) ?? "(no formula)"]);
    }
    if (k in this.data.reasons) facts.push(["why", this.data.reasons[k]]);
    return facts;
  }
  facts(k) { return make("dl", {}, ...this.properties(k).map(([name, text]) => make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: text, className: name === "formula" ? name : "" })))); }
  words(k) { return this.properties(k).map(([name, text]) => `${name} ${text}`).join(", "); }
  goto(row, column) {
    const index = this.lines.indexOf(this.turned ? column : row), across = this.across.indexOf(this.turned ? row : column);
    if (index < 0 || across < 0) return;
    for (;;) {
      const folds = [...this.body.querySelectorAll("tr.fold")].filter(f => f.from <= index && index < f.to && f.kids === null);
      if (!folds.length) break;
      this.toggle(folds[0], true);
    }
    const k = this.held(this.lines[index], this.across[across])[0];
    const cell = [...this.body.querySelectorAll("tr:not(.fold) td.cell")].find(one => one.ks.includes(k));
    if (cell) { cell.scrollIntoView({ block: "center", inline: "center" }); this.focus(cell); }
  }
}

function place(cell) {
  card.hidden = false;
  const box = cell.getBoundingClientRect(), own = card.getBoundingClientRect();
  const left = Math.max(6, Math.min(box.left, innerWidth - own.width - 6));
  const below = box.bottom + 8, above = box.top - own.height - 8;
  card.style.left = `${left}px`;
  card.style.top = `${below + own.height < innerHeight || above < 0 ? below : above}px`;
}
function hide() { card.hidden = true; }
function rest() { // back to the cell that has the focus, if it is in sight
  const cell = document.activeElement.closest("td.cell");
  if (!cell || card.hidden) { hide(); return; }
  const box = cell.getBoundingClientRect(), frame = cell.closest(".map").getBoundingClientRect();
  const seen = box.bottom > Math.max(0, frame.top) && box.top < Math.min(innerHeight, frame.bottom);
  if (seen) sheetOf(cell.closest("details")).show(cell); else hide();
}
let pointer = [-1, -1];
addEventListener("pointermove", event => { pointer = [event.clientX, event.clientY]; }, { passive: true });
addEventListener("scroll", rest, { passive: true, capture: true });
addEventListener("keydown", event => { if (event.key === "Escape") hide(); });

const drawn = new WeakMap();
function sheetOf(host) {
  if (!drawn.has(host)) drawn.set(host, new Sheet(host));
  return drawn.get(host);
}
for (const host of document.querySelectorAll("details[data-map]")) {
  host.addEventListener("toggle", () => { if (host.open) sheetOf(host); });
  if (host.open) sheetOf(host);
}

async function copy(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch {
    const area = make("textarea", { value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
document.addEventListener("click", async event => {
  const button = event.target.closest("button[data-copy], button[data-goto]");
  if (!button) return;
  if (button.dataset.goto) {
    const [sheet, row, column] = JSON.parse(button.dataset.goto);
    const host = [...button.closest("[data-report]").querySelectorAll("details[data-map]")].find(one => one.dataset.map === sheet);
    if (host) { host.open = true; sheetOf(host).goto(row, column); }
    return;
  }
  const done = await copy(button.dataset.copy), before = button.textContent;
  say.textContent = done ? "Copied" : "Could not copy";
  button.textContent = done ? "Copied ✓" : "Could not copy";
  setTimeout(() => { button.textContent = before; }, 1500);
});

// What scrolls is reached by keyboard, and what does not is no stop on the way.
function stops() {
  for (const region of document.querySelectorAll(".scroll:not(.map)")) {
    if (region.scrollWidth > region.clientWidth) region.tabIndex = 0; else region.removeAttribute("tabindex");
  }
}
addEventListener("resize", stops);
addEventListener("toggle", stops, { capture: true });
stops();

let opened = [];
addEventListener("beforeprint", () => { opened = [...document.querySelectorAll("details:not([open], .fine)")]; opened.forEach(one => { one.open = true; if (one.dataset.map !== undefined) sheetOf(one); }); });
addEventListener("afterprint", () => { opened.forEach(one => { one.open = false; }); });
})();
