// Dark or light: as the system asks, until somebody chooses.

const KEY = "freshet-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = [];
const probe = document.body.appendChild(document.createElement("i"));
probe.hidden = true;
const colours = new Map();

function chosen() {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return null; // storage is forbidden: the choice lasts as long as the page
  }
}

let choice = chosen();

export function isDark() {
  return choice === null ? system.matches : choice === "dark";
}

function apply() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  colours.clear();
  listeners.forEach((listener) => listener());
}

/** Calls back now and whenever the colours change. */
export function onTheme(listener) {
  listeners.push(listener);
  listener();
}

export function toggleTheme() {
  choice = isDark() ? "light" : "dark";
  try {
    window.localStorage.setItem(KEY, choice);
  } catch {
    // as above
  }
  apply();
}

/** A colour of the style sheet, such as "--model", as a canvas takes it. */
export function colour(name) {
  if (!colours.has(name)) {
    probe.style.color = `var(${name})`;
    colours.set(name, window.getComputedStyle(probe).color);
  }
  return colours.get(name);
}

system.addEventListener("change", apply);
apply();
