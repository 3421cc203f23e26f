// The page at /: a picture goes to POST /predict, and what comes back is shown, whatever the model was trained on.
"use strict";

const at = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
let token = "";
let last = null;    // the picture that was asked about, to ask again with another model or a token
let asked = 0;      // so that an answer that comes late does not replace a newer one

function made(name, text, className) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function say(text, wrong) {
  at("said").textContent = text;
  at("said").className = wrong ? "wrong" : "";
}

function percent(share) {
  return share > 0.9999 && share < 1 ? "> 99.99 %" : share < 0.0001 && share > 0 ? "< 0.01 %" : `${(100 * share).toFixed(2)} %`;
}

async function ask(path, given) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { ...given, headers: { ...headers, ...(given || {}).headers } });
  if (response.status === 401) {
    at("locked").hidden = false;
    at("token").focus();
    throw new Error(token ? "This is not the server's token." : "This server wants a token.");
  }
  const found = await response.json();
  if (!found.predictions && found.error) throw new Error(found.error);
  return found;
}

async function listModels() {
  try {
    const found = await ask("/v2/models");
    at("model").replaceChildren(...found.models.map((each) => made("option", each.name)));
    at("which").hidden = found.models.length < 2;
    at("locked").hidden = true;
    say("");
    return true;
  } catch (fault) {
    say(fault.message, true);
    return false;
  }
}

function bar(name, number, share) {
  const item = made("li");
  const line = made("div", undefined, "line");
  line.append(made("span", name), made("span", number));
  item.append(line);
  if (share !== undefined) {
    const rail = made("div", undefined, "rail");
    const filled = made("i");
    filled.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
    rail.append(filled);
    item.append(rail);
  }
  return item;
}

// For each kind of answer: its lines, the sentence that is read out, and what is drawn into the picture.
const KINDS = {
  classes: (rows) => ({
    lines: rows.map((each) => bar(each.class, percent(each.probability), each.probability)),
    sentence: rows.length ? `${rows[0].class}, ${percent(rows[0].probability)}` : "no class",
  }),
  numbers: (rows) => ({
    lines: rows.map((each) => bar(each.name, `${Number(each.value.toPrecision(6))} ${each.unit || ""}`.trim())),
    sentence: rows.map((each) => `${each.name} ${Number(each.value.toPrecision(4))} ${each.unit || ""}`.trim()).join(", "),
  }),
  boxes: (rows) => ({
    lines: rows.map((each) => bar(each.class, percent(each.score), each.score)),
    sentence: `${rows.length} ${rows.length === 1 ? "box" : "boxes"}`,
    boxes: rows.map((each) => each.box),
  }),
  points: (rows) => ({
    lines: rows.map((each) => bar(each.name, `${each.x.toFixed(1)}, ${each.y.toFixed(1)}`, each.score)),
    sentence: `${rows.length} points`,
    points: rows,
  }),
  people: (rows) => ({
    lines: rows.map((each, number) => bar(`person ${number + 1}`, each.score === undefined ? "" : percent(each.score), each.score)),
    sentence: `${rows.length} people`,
    boxes: rows.filter((each) => each.box).map((each) => each.box),
    points: rows.flatMap((each) => each.points || []),
  }),
  text: (text) => ({ lines: [bar(String(text), "")], sentence: String(text) }),
};

function shape(name, numbers, className) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(numbers)) element.setAttribute(key, value);
  if (className) element.setAttribute("class", className);
  return element;
}

function draw(told) {
  const picture = at("picture");
  const [width, height] = [picture.naturalWidth || 1, picture.naturalHeight || 1];
  const drawn = at("drawn");
  drawn.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawn.setAttribute("preserveAspectRatio", "xMinYMin meet");
  picture.className = Math.max(width, height) < 200 ? "coarse" : "";
  const boxes = (told.boxes || []).flatMap(([x1, y1, x2, y2]) => {
    const place = { x: x1, y: y1, width: Math.max(0, x2 - x1), height: Math.max(0, y2 - y1) };
    return [shape("rect", place, "under"), shape("rect", place)];
  });
  const radius = Math.max(width, height) / 120;
  const points = (told.points || []).map((each) => shape("circle", { cx: each.x, cy: each.y, r: radius }));
  drawn.replaceChildren(...boxes, ...points);
}

function show(file, found) {
  const entry = found.predictions[0];
  const kind = Object.keys(KINDS).find((name) => name in entry);
  const told = kind ? KINDS[kind](entry[kind]) : { lines: [bar(JSON.stringify(entry), "")], sentence: "an answer" };
  at("of").textContent = file.name || "picture";
  at("bars").replaceChildren(...told.lines);
  at("warning").hidden = !found.warnings.length;
  at("warning").textContent = found.warnings.join(" ");
  at("answer").hidden = false;
  const picture = at("picture");
  URL.revokeObjectURL(picture.src);
  picture.onload = () => { at("frame").hidden = false; at("unseen").hidden = true; draw(told); };
  picture.onerror = () => { at("frame").hidden = true; at("unseen").hidden = false; };
  picture.alt = `The picture ${file.name || ""}`.trim();
  picture.src = URL.createObjectURL(file);
  say(told.sentence);
}

async function predict(file) {
  if (!file) return;
  last = file;
  const number = ++asked;
  say("Asking ...");
  try {
    const model = at("model").value;
    const query = model ? `?model=${encodeURIComponent(model)}` : "";
    const found = await ask(`/predict${query}`, {
      method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" },
    });
    if (number !== asked) return;
    const wrong = found.predictions[0].error;
    if (wrong) throw new Error(wrong.replace(/^picture: /, ""));
    show(file, found);
  } catch (fault) {
    if (number !== asked) return;
    at("answer").hidden = true;
    say(fault instanceof TypeError ? "The server did not answer." : fault.message, true);
  }
}

at("here").textContent = location.origin;
at("file").addEventListener("change", (event) => predict(event.target.files[0]));
at("model").addEventListener("change", () => predict(last));
at("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  token = at("token").value.trim();
  if (await listModels() && last) predict(last);
});
const drop = at("drop");
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => { event.preventDefault(); predict(event.dataTransfer.files[0]); });
document.addEventListener("paste", (event) => predict(event.clipboardData.files[0]));
listModels();
