// Dark or light theme: the system's preference, until the user chooses.

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
    return null; // storage is not allowed: the choice lasts as long as the page
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

/** Calls the listener now and whenever the theme changes. */
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

/** Returns a colour of the style sheet, such as "--model", in a form that a canvas accepts. */
export function colour(name) {
  if (!colours.has(name)) {
    probe.style.color = `var(${name})`;
    colours.set(name, window.getComputedStyle(probe).color);
  }
  return colours.get(name);
}

system.addEventListener("change", apply);
apply();
