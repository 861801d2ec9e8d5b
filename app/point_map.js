// Draws many thousand points on a canvas and says which were drawn around: the browser's half of app/point_map.py.
const SHAPES = [
  (x, y, r) => x * x + y * y <= r * r,
  (x, y, r) => Math.abs(x) <= r / 3 || Math.abs(y) <= r / 3,
  (x, y, r) => y >= -r && Math.abs(x) <= (y + r) * 0.55,
  (x, y, r) => Math.abs(x) + Math.abs(y) <= r,
  (x, y, r) => Math.abs(x) <= r * 0.85 && Math.abs(y) <= r * 0.85,
  (x, y, r) => Math.abs(Math.abs(x) - Math.abs(y)) <= r / 3,
];
const WHOLE = 65535, STEP = 1.35;
const stencil = (shape, side) => {
  const out = [], r = side / 2, half = Math.ceil(r);
  for (let y = -half; y <= half; y++) for (let x = -half; x <= half; x++)
    if (Math.abs(x) <= r && Math.abs(y) <= r && SHAPES[shape](x, y, r)) out.push(x, y);
  return out.length ? out : [0, 0];
};
const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const packed = (colour, alpha) => {
  const n = parseInt(colour.slice(1), 16);
  return ((alpha << 24) | ((n & 255) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
};
const make = (tag, kind, parent) => {
  const part = document.createElement(tag);
  if (kind) part.className = kind;
  if (tag === "button") part.type = "button";
  parent.append(part);
  return part;
};

function begin(root) {
  const outer = make("div", "map", root), tools = make("div", "tools", outer), field = make("div", "field", outer);
  const points = make("canvas", "", field), over = make("canvas", "", field), legend = make("div", "legend", outer);
  field.tabIndex = 0;
  field.setAttribute("role", "application");
  const map = {hidden: new Set(), chosen: null, mode: "choose", view: null, line: [], ring: null};
  const buttons = {};
  const tool = (name, text, act) => {
    buttons[name] = make("button", "", tools);
    buttons[name].textContent = text;
    buttons[name].onclick = act;
  };
  const mode = name => {
    map.mode = name;
    field.classList.toggle("move", name === "move");
    for (const n of ["choose", "move"]) buttons[n].setAttribute("aria-pressed", n === name);
  };
  tool("choose", "Draw around", () => mode("choose"));
  tool("move", "Move", () => mode("move"));
  tool("closer", "Closer", () => zoom(STEP));
  tool("farther", "Farther", () => zoom(1 / STEP));
  tool("whole", "Whole map", () => { map.view = null; draw(); });
  tool("nothing", "Choose none", () => choose(null));
  mode("choose");
  const told = make("span", "told", tools);

  const size = () => [field.clientWidth, field.clientHeight];
  const view = () => {
    const [w, h] = size();
    return map.view ??= {x: map.middle[0], y: map.middle[1], k: 0.95 * Math.min(w / map.span[0], h / map.span[1])};
  };
  const zoom = (by, at) => {
    const v = view(), [w, h] = size(), [px, py] = at ?? [w / 2, h / 2];
    const dx = (px - w / 2) / v.k, dy = (h / 2 - py) / v.k;
    map.view = {x: v.x + dx * (1 - 1 / by), y: v.y + dy * (1 - 1 / by), k: v.k * by};
    draw();
  };
  const shows = row => !map.hidden.has(map.codes[row]);

  let asked = 0;
  const draw = () => { asked ||= requestAnimationFrame(() => { asked = 0; paint(); }); };
  const paint = () => {
    const [w, h] = size();
    if (!map.points || !w) return;
    const scale = window.devicePixelRatio || 1, W = Math.round(w * scale), H = Math.round(h * scale), v = view();
    for (const c of [points, over]) if (c.width !== W || c.height !== H) [c.width, c.height] = [W, H];
    const pixels = new ImageData(W, H), out = new Uint32Array(pixels.data.buffer);
    const grown = Math.min(3, Math.max(1, Math.sqrt(v.k * WHOLE / Math.min(w, h))));
    const side = Math.max(2, Math.round(map.data.size * grown * scale));
    const shapes = SHAPES.map((_, shape) => stencil(shape, shape ? side + 2 : side));
    const full = map.data.colours.map(c => packed(c, 230)), faint = map.data.colours.map(c => packed(c, 45));
    const k = v.k * scale, n = map.codes.length, P = map.points;
    const spot = (row, colour) => {
      const x = Math.round((P[2 * row] - v.x) * k + W / 2), y = Math.round(H / 2 - (P[2 * row + 1] - v.y) * k);
      if (x < -side || y < -side || x > W + side || y > H + side) return;
      const s = shapes[map.data.shapes[map.codes[row]]];
      for (let i = 0; i < s.length; i += 2) {
        const px = x + s[i], py = y + s[i + 1];
        if (px >= 0 && py >= 0 && px < W && py < H) out[py * W + px] = colour;
      }
    };
    for (const row of map.order) if (shows(row) && !map.chosen?.[row])
      spot(row, (map.chosen ? faint : full)[map.codes[row]]);
    if (map.chosen) for (const row of map.order) if (shows(row) && map.chosen[row]) spot(row, full[map.codes[row]]);
    points.getContext("2d").putImageData(pixels, 0, 0);
    trace();
  };
  const trace = () => {
    const c = over.getContext("2d"), scale = window.devicePixelRatio || 1;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.clearRect(0, 0, ...size());
    c.strokeStyle = getComputedStyle(outer).color;
    c.lineWidth = 1.5;
    c.beginPath();
    map.line.forEach(([x, y], i) => i ? c.lineTo(x, y) : c.moveTo(x, y));
    if (map.line.length > 2) c.closePath();
    if (map.ring) c.arc(...map.ring, 0, 7);
    c.stroke();
  };
  const place = row => {
    const v = view(), [w, h] = size();
    return [(map.points[2 * row] - v.x) * v.k + w / 2, h / 2 - (map.points[2 * row + 1] - v.y) * v.k];
  };
  const within = test => {
    const found = new Uint8Array(map.codes.length);
    let count = 0;
    for (let row = 0; row < found.length; row++) if (shows(row) && test(...place(row))) { found[row] = 1; count++; }
    return count ? found : null;
  };
  const nearest = (x, y, most) => {
    let best = -1, least = most * most;
    for (let row = 0; row < map.codes.length; row++) {
      if (!shows(row)) continue;
      const [px, py] = place(row), d = (px - x) ** 2 + (py - y) ** 2;
      if (d <= least) { least = d; best = row; }
    }
    return best;
  };
  const inside = line => (x, y) => {
    let odd = false;
    for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
      const [ax, ay] = line[i], [bx, by] = line[j];
      if ((ay > y) !== (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  };
  const choose = found => {
    map.chosen = found;
    if (!found) { map.tell(""); draw(); return; }
    const bits = new Uint8Array(Math.ceil(found.length / 8));
    found.forEach((one, row) => { if (one) bits[row >> 3] |= 1 << (row & 7); });
    let text = "";
    for (const b of bits) text += String.fromCharCode(b);
    map.tell(btoa(text));
    draw();
  };

  const at = event => {
    const box = field.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  let held = null;
  field.onpointerdown = event => {
    field.setPointerCapture(event.pointerId);
    held = {at: at(event), moves: map.mode === "move" || event.shiftKey || event.button === 1};
    map.ring = null;
    map.line = held.moves ? [] : [held.at];
  };
  field.onpointermove = event => {
    const now = at(event);
    if (!held) {
      const row = map.points ? nearest(...now, 6) : -1;
      told.textContent = row < 0 ? "" : map.data.names[map.codes[row]] ?? "";
    } else if (held.moves) {
      const v = view();
      map.view = {...v, x: v.x - (now[0] - held.at[0]) / v.k, y: v.y + (now[1] - held.at[1]) / v.k};
      held.at = now;
      draw();
    } else {
      map.line.push(now);
      trace();
    }
  };
  field.onpointerup = event => {
    const line = map.line, drawn = held && !held.moves;
    held = null;
    map.line = [];
    trace();
    if (!drawn) return;
    const far = line.some(([x, y]) => Math.hypot(x - line[0][0], y - line[0][1]) > 5);
    if (far) choose(within(inside(line)));
    else {
      const row = nearest(...line[0], 8);
      choose(row < 0 ? null : Uint8Array.from(map.codes, (_, i) => +(i === row)));
    }
  };
  field.onpointercancel = () => { held = null; map.line = []; trace(); };
  field.addEventListener("wheel", event => {
    if (!event.ctrlKey && document.activeElement !== root.host && !root.activeElement) return;  // the page scrolls
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0015), at(event));
  }, {passive: false});
  field.onkeydown = event => {
    const [w, h] = size(), move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const ring = map.ring ?? [w / 2, h / 2, 60];
    if (event.key in move) {
      const [dx, dy] = move[event.key];
      map.ring = [Math.min(w, Math.max(0, ring[0] + 20 * dx)), Math.min(h, Math.max(0, ring[1] + 20 * dy)), ring[2]];
    } else if (event.key === "[" || event.key === "]")
      map.ring = [ring[0], ring[1], Math.max(10, ring[2] * (event.key === "[" ? 0.8 : 1.25))];
    else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? STEP : 1 / STEP);
    else if (event.key === "Enter") {
      map.ring = ring;
      choose(within((x, y) => Math.hypot(x - ring[0], y - ring[1]) <= ring[2]));
    } else if (event.key === "Escape") { map.ring = null; choose(null); }
    else return;
    event.preventDefault();
    event.stopPropagation();
    trace();
  };
  new ResizeObserver(draw).observe(field);

  map.take = data => {
    if (map.text !== data.points) {
      map.text = data.points;
      map.points = new Uint16Array(bytes(data.points).buffer);
      const n = map.points.length / 2, low = [WHOLE, WHOLE], high = [0, 0];
      for (let i = 0; i < map.points.length; i++) {
        low[i & 1] = Math.min(low[i & 1], map.points[i]);
        high[i & 1] = Math.max(high[i & 1], map.points[i]);
      }
      map.middle = [0, 1].map(i => (low[i] + high[i]) / 2);
      map.span = [0, 1].map(i => Math.max(1, high[i] - low[i]));
      map.order = Uint32Array.from({length: n}, (_, i) => i);
      for (let i = n - 1, seed = 7; i > 0; i--) {  // in no order of the classes, so that none hides the others
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        const j = Math.floor(seed / 4294967296 * (i + 1));
        [map.order[i], map.order[j]] = [map.order[j], map.order[i]];
      }
      map.view = map.chosen = null;
    }
    if (map.data?.by !== data.by) map.hidden.clear();
    map.data = data;
    map.codes = bytes(data.codes);
    field.setAttribute("aria-label", data.alt);
    legend.replaceChildren();
    if (data.bar) {
      make("span", "", legend).textContent = data.bar[0];
      const few = data.colours.filter((_, i) => i % 32 === 0 && i < 255);
      make("span", "bar", legend).style.background = "linear-gradient(to right, " + few.join(", ") + ")";
      make("span", "", legend).textContent = data.bar[1];
    } else data.names.forEach((name, code) => {
      const button = make("button", "", legend), mark = make("canvas", "", button);
      [mark.width, mark.height] = [24, 24];
      const c = mark.getContext("2d"), s = stencil(data.shapes[code], 22);
      c.fillStyle = data.colours[code];
      for (let i = 0; i < s.length; i += 2) c.fillRect(s[i] + 12, s[i + 1] + 12, 1, 1);
      make("span", "", button).textContent = name;
      button.title = "Show or hide";
      const press = () => button.setAttribute("aria-pressed", !map.hidden.has(code));
      press();
      button.onclick = () => {
        map.hidden.has(code) ? map.hidden.delete(code) : map.hidden.add(code);
        press();
        draw();
      };
    });
    paint();
  };
  return map;
}

export default function({data, parentElement, setStateValue}) {
  const map = parentElement.advisorMap ??= begin(parentElement);
  map.tell = rows => setStateValue("chosen", rows);
  map.take(data);
}
