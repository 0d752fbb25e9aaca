// Creation of elements from text and attributes only, so that data is never interpreted as markup.

/**
 * Creates an element.
 *
 * @param {string} tag such as "p", or "p.unit" with a class
 * @param {Object<string, *>} attributes by name; null leaves one out
 * @param {...(Node|string|number|null)} children
 */
export function element(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length > 0) {
    made.className = classes.join(" ");
  }
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) {
      made.setAttribute(attribute, String(value));
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Creates an SVG element. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, String(value));
  }
  made.append(...children);
  return made;
}

/** Returns the element of the page with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Sets text only if it differs, so that a selection is kept. */
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** Creates a bar from 0 to 1, as decoration beside its number. */
export function bar(fraction, kind) {
  const fill = element(`span.bar-fill.${kind}`);
  fill.style.width = `${Math.max(0, Math.min(1, fraction ?? 0)) * 100}%`;
  return element("span.bar", { "aria-hidden": "true" }, fill);
}

/** Creates the message of a panel without data. */
export function empty(...sentences) {
  return element("div.empty", {}, ...sentences.map((sentence) => element("p", {}, sentence)));
}

/** Creates an element for text from the data, isolated from the surrounding writing direction. */
export function data(text) {
  return element("bdi", {}, text);
}
