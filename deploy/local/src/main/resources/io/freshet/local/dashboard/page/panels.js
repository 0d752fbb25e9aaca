// The panels other than charts: key metrics, alerts, detectors, classes, calibration, confusion, and more.

import { bar, data, element, empty, setText, svg } from "/dom.js";
import {
  NONE, compact, count, duration, figure, percent, plural, rate, statistic, time,
} from "/format.js";
import { colour } from "/theme.js";

const MAX_CLASSES = 12;
const MAX_ALERTS = 6;
const MAX_TABLE_CLASSES = 20;
const MAX_CONFUSED = 8;
const MIN_RECALL_DROP = 0.1;

/** Formats a difference with its sign. */
export function signed(value, format) {
  if (value === null || !Number.isFinite(value)) {
    return NONE;
  }
  return `${value < 0 ? "−" : "+"}${format(Math.abs(value))}`;
}

function difference(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : null;
}

/** Returns the key metrics: name, value, note below it, and whether it is marked as a drift. */
export function keyFigures(latest, alerts) {
  const rolling = latest.rolling;
  const all = latest.prequential;
  const points = (a, b) => signed(difference(a, b), (value) => `${(value * 100).toFixed(1)} pts`);
  const lastAlert = alerts.at(-1)?.event;
  return [
    ["Loss", figure(rolling.loss), `since the start ${figure(all.loss)}`, false],
    ["Accuracy", percent(rolling.accuracy), `since the start ${percent(all.accuracy)}`, false],
    ["Above no-change", points(rolling.accuracy, rolling.noChangeAccuracy),
      `baseline ${percent(rolling.noChangeAccuracy)}`, false],
    ["Above majority", points(rolling.accuracy, rolling.majorityAccuracy),
      `baseline ${percent(rolling.majorityAccuracy)}`, false],
    ["Kappa", figure(rolling.kappa, 3),
      `temporal ${figure(rolling.kappaTemporal, 2)} · M ${figure(rolling.kappaM, 2)}`, false],
    ["Examples seen", count(latest.examplesSeen), `window ${count(latest.windowSize)}`, false],
    ["Throughput", latest.throughput === null ? NONE : `${compact(latest.throughput)}/s`,
      `examples per second${latest.device === "" ? "" : ` · ${latest.device}`}`, false],
    ["Event-time lag", duration(latest.eventTimeLag), "behind the newest event", false],
    ["Model version", count(latest.modelVersion),
      `${plural(latest.rollBacks, "roll-back")} · ${plural(latest.skippedSteps, "skipped step")}`, false],
    ["Drifts", count(latest.drifts),
      lastAlert === undefined ? "none so far" : `last at ${count(lastAlert.examplesSeen)}`, latest.drifts > 0],
  ];
}

/** Updates the list of key metrics in place. */
export function fillKeyFigures(list, rows) {
  if (list.children.length !== rows.length) {
    list.replaceChildren(...rows.map(([name]) => element("div.key-figure", {},
      element("dt", {}, name),
      element("dd", {}, element("span.value"), element("span.note")))));
  }
  rows.forEach(([, value, note, drift], i) => {
    const shown = list.children[i];
    setText(shown.querySelector(".value"), value);
    setText(shown.querySelector(".note"), note);
    shown.classList.toggle("drift", drift);
  });
}

function change(name, before, after, format, worse) {
  const by = difference(after, before);
  const direction = by === null ? "" : by > 0 ? "rose" : by < 0 ? "fell" : "stayed";
  const kind = by !== null && by * worse > 0 ? "bad" : "";
  return element("div.change", {},
    element("dt", {}, name),
    element("dd", {},
      element("span.before", {}, format(before)),
      element("span.arrow", { "aria-hidden": "true" }, "→"),
      element("span.quiet", {}, ` ${direction} to `),
      element(`strong.after${kind ? `.${kind}` : ""}`, {}, format(after))));
}

/** Returns the classes whose recall fell by MIN_RECALL_DROP or more. */
function withLowerRecall(event) {
  return event.classes
    .map((each) => ({ ...each, fall: difference(each.recallBefore, each.recallAfter) }))
    .filter((each) => each.fall !== null && each.fall >= MIN_RECALL_DROP);
}

/** Describes an alert in a sentence. */
export function alertSentence(event) {
  const accuracy = event.before && event.after
    ? ` Accuracy went from ${percent(event.before.accuracy)} to ${percent(event.after.accuracy)}.`
    : "";
  return `Drift ${event.sequence + 1} at ${count(event.examplesSeen)} examples, detected by ${event.detector}.${accuracy}`;
}

/** Creates the list of alerts, newest first; show(event) zooms the charts to one. */
export function alertCards(alerts, expanded, show, expand) {
  const newestFirst = [...alerts].reverse();
  const cards = newestFirst.slice(0, expanded ? undefined : MAX_ALERTS).map(({ event, emittedAt }) => {
    const { before, after } = event;
    const fell = withLowerRecall(event);
    const look = element("button.link", { type: "button" }, "Show in the charts");
    look.addEventListener("click", () => show(event));
    return element("li.alert", {},
      element("div.alert-head", {},
        element("h3", {}, `Drift ${event.sequence + 1}`),
        element("span.alert-where", {}, `at ${count(event.examplesSeen)} examples · ${time(emittedAt)}`),
        look),
      element("dl.changes", {},
        change("Loss", before?.loss ?? null, after?.loss ?? null, (value) => figure(value, 3), 1),
        change("Accuracy", before?.accuracy ?? null, after?.accuracy ?? null, percent, -1),
        element("div.change", {},
          element("dt", {}, "Detected after"),
          element("dd", {}, after ? plural(after.examples, "example") : NONE)),
        element("div.change", {},
          element("dt", {}, "Reaction"),
          element("dd", {}, data(event.reaction)))),
      fell.length === 0 ? null : element("p.broken", {},
        element("span", {}, "Recall fell: "),
        ...fell.flatMap((each) => [
          element("span.chip", {},
            data(each.name),
            ` ${percent(each.recallBefore, 0)} → ${percent(each.recallAfter, 0)}`),
          " ",
        ]),
        element("span.quiet", {}, "(before and after)")),
      element("p.fine", {},
        data(event.detector), ` on ${event.signal || "loss"}: ${statistic(event.statistic)} over ${statistic(event.threshold)}`,
        event.warningExamplesSeen === null ? "" : ` · warning since ${count(event.warningExamplesSeen)}`));
  });
  const more = element("button.more", { type: "button" }, `Show all ${alerts.length}`);
  more.addEventListener("click", expand);
  return [
    element("ol.alerts", {}, ...cards),
    expanded || alerts.length <= MAX_ALERTS ? null : more,
  ].filter((node) => node !== null);
}

export function noAlerts(latest) {
  return latest === null || latest.detectors.length > 0
    ? empty("No drift detected yet.", "Each alert appears here and as a mark in the charts.")
    : empty("No drift detector is enabled.", "The setting drift.detector enables one or more.");
}

const STATUS_MARKS = { stable: "●", warning: "▲", drift: "◆" };

export function detectorTable(latest) {
  if (latest.detectors.length === 0) {
    return empty("No drift detector is enabled.", "The setting drift.detector enables one or more.");
  }
  return element("ul.detectors", {}, ...latest.detectors.map((each) => {
    const fraction = each.threshold ? Math.abs(each.statistic ?? 0) / Math.abs(each.threshold) : 0;
    const known = Object.hasOwn(STATUS_MARKS, each.status);
    return element("li", {},
      element("div.detector-head", {},
        element("strong", {}, data(each.name)),
        element("span.note", {}, ` on ${each.signal}`),
        element(`span.status.${known ? each.status : "stable"}`, {},
          element("span", { "aria-hidden": "true" }, known ? STATUS_MARKS[each.status] : "●"), ` ${each.status}`)),
      bar(fraction, known ? each.status : "stable"),
      element("p.fine", {},
        `${statistic(each.statistic)} of ${statistic(each.threshold)} · ${plural(each.drifts, "drift")}`));
  }));
}

function scoreCell(value, kind) {
  return element("td.score", {}, element("span", {}, figure(value, 3)), bar(value, kind));
}

/** Creates the table of classes, in the published order or by ascending recall. */
export function classTable(latest, { worstFirst, expanded }, sort, expand) {
  const classes = latest.classes;
  if (classes.length === 0) {
    return [empty("No metrics by class yet.", "Jobs of older versions do not publish them.")];
  }
  const ordered = worstFirst
    ? [...classes].sort((a, b) => (a.rolling.recall ?? 2) - (b.rolling.recall ?? 2))
    : classes;
  const rows = ordered.slice(0, expanded ? undefined : MAX_CLASSES);
  const order = element("div.segments.small", { role: "group", "aria-label": "Order of the classes" },
    ...[["Most frequent", false], ["Worst recall", true]].map(([name, worst]) => {
      const button = element("button", { type: "button", "aria-pressed": worst === worstFirst, "data-key": name }, name);
      button.addEventListener("click", () => sort(worst));
      return button;
    }));
  const more = element("button.more", { type: "button", "data-key": "all" }, `Show all ${classes.length}`);
  more.addEventListener("click", expand);
  return [
    order,
    element("div.scroll", { tabindex: 0, role: "group", "aria-labelledby": "classes-title" },
      element("table.classes", {},
        element("thead", {}, element("tr", {},
          element("th", { scope: "col" }, "Class"),
          element("th.number", { scope: "col" }, "Examples"),
          element("th", { scope: "col" }, "Recall"),
          element("th", { scope: "col" }, "Precision"),
          element("th", { scope: "col" }, "F1"))),
        element("tbody", {}, ...rows.map(({ name, rolling }) => element("tr", {},
          element("th", { scope: "row" }, data(name)),
          element("td.number", {}, count(rolling.labels)),
          scoreCell(rolling.recall, "recall"),
          scoreCell(rolling.precision, "precision"),
          scoreCell(rolling.f1, "f1")))))),
    expanded || classes.length <= MAX_CLASSES ? null : more,
    latest.otherClasses === 0 ? null
      : element("p.fine", {}, `${plural(latest.otherClasses, "rarer class", "rarer classes")} not included.`),
  ].filter((node) => node !== null);
}

/** Creates a reliability diagram: the accuracy in each bin of confidence. */
export function calibrationPlot(latest) {
  const bins = latest.calibration;
  if (bins.length === 0) {
    return empty("No calibration yet.", "Jobs of older versions do not publish it.");
  }
  const error = latest.rolling.calibrationError;
  const most = Math.max(...bins.map((bin) => bin.examples), 1);
  const at = (value) => 100 - value * 100;
  const drawing = svg("svg", {
    viewBox: "-13 -4 117 120",
    role: "img",
    "aria-label": `Reliability diagram, expected calibration error ${figure(error)}`,
    class: "reliability",
  });
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    drawing.append(
      svg("line", { x1: 0, x2: 100, y1: at(tick), y2: at(tick), class: "grid-line" }),
      svg("text", { x: -2, y: at(tick) + 1.4, class: "tick end" }, tick * 100));
    drawing.append(svg("text", { x: tick * 100, y: 105, class: "tick middle" }, tick * 100));
  }
  for (const bin of bins) {
    if (bin.accuracy === null) {
      continue;
    }
    const x = bin.lower * 100;
    const width = (bin.upper - bin.lower) * 100;
    const gap = [bin.accuracy, bin.meanConfidence].sort((a, b) => a - b);
    drawing.append(
      svg("rect", { x: x + 0.6, width: width - 1.2, y: at(bin.accuracy), height: bin.accuracy * 100, class: "bin",
        "fill-opacity": 0.35 + 0.65 * Math.sqrt(bin.examples / most) },
      svg("title", {}, `confidence ${percent(bin.lower, 0)} to ${percent(bin.upper, 0)}: accuracy ${percent(bin.accuracy)}, `
        + `mean confidence ${percent(bin.meanConfidence)}, ${plural(bin.examples, "example")}`)),
      svg("rect", { x: x + 0.6, width: width - 1.2, y: at(gap[1]), height: (gap[1] - gap[0]) * 100, class: "gap" }));
  }
  drawing.append(
    svg("line", { x1: 0, y1: 100, x2: 100, y2: 0, class: "diagonal" }),
    svg("text", { x: 50, y: 113, class: "tick middle" }, "confidence, %"));
  const body = element("tbody", {}, ...bins.filter((bin) => bin.examples > 0).map((bin) => element("tr", {},
    element("th", { scope: "row" }, `${percent(bin.lower, 0)} to ${percent(bin.upper, 0)}`),
    element("td.number", {}, count(bin.examples)),
    element("td.number", {}, percent(bin.meanConfidence)),
    element("td.number", {}, percent(bin.accuracy)))));
  return [
    element("p.headline", {}, element("strong", {}, figure(error)), " expected calibration error"),
    drawing,
    element("p.key", {},
      element("span.swatch.bin", { "aria-hidden": "true" }), "accuracy ",
      element("span.swatch.gap", { "aria-hidden": "true" }), "gap to mean confidence ",
      element("span.swatch.diagonal", { "aria-hidden": "true" }), "perfect calibration"),
    element("details", { "data-key": "calibration" }, element("summary", {}, "As a table"),
      element("div.scroll", { tabindex: 0, role: "group", "aria-label": "Calibration as a table" },
        element("table", {},
          element("thead", {}, element("tr", {},
            element("th", { scope: "col" }, "Confidence"),
            element("th.number", { scope: "col" }, "Examples"),
            element("th.number", { scope: "col" }, "Mean confidence"),
            element("th.number", { scope: "col" }, "Accuracy"))),
          body))),
  ];
}

/** Returns the confusion matrix with classes ordered by index, and cells with their fraction of the row. */
function confusionMatrix(latest) {
  const names = new Map(latest.classes.map((each) => [each.classIndex, each.name]));
  const indices = new Set(latest.classes.map((each) => each.classIndex));
  for (const cell of latest.confusion.cells) {
    indices.add(cell.label);
    indices.add(cell.predicted);
  }
  const order = [...indices].sort((a, b) => a - b);
  const places = new Map(order.map((index, position) => [index, position]));
  const labels = new Map();
  for (const cell of latest.confusion.cells) {
    labels.set(cell.label, (labels.get(cell.label) ?? 0) + cell.count);
  }
  return {
    names: order.map((index) => names.get(index) ?? `class ${index}`),
    cells: latest.confusion.cells.map((cell) => ({
      row: places.get(cell.label),
      column: places.get(cell.predicted),
      count: cell.count,
      fraction: cell.count / labels.get(cell.label),
    })),
  };
}

export function confusionPanel(latest) {
  if (latest.confusion === null || latest.confusion.cells.length === 0) {
    return [empty("No confusion matrix yet.", "Jobs of older versions do not publish it.")];
  }
  const matrix = confusionMatrix(latest);
  const rest = latest.confusion.otherExamples;
  return [
    matrix.names.length <= MAX_TABLE_CLASSES ? confusionTable(matrix) : confusionMap(matrix),
    mostConfused(matrix),
    rest === 0 ? null : element("p.fine", {},
      `${plural(rest, "example")} in ${plural(latest.confusion.otherCells, "cell")} not included.`),
  ].filter((node) => node !== null);
}

function confusionTable({ names, cells }) {
  const rows = names.map(() => names.map(() => null));
  cells.forEach((cell) => {
    rows[cell.row][cell.column] = cell;
  });
  return element("div.scroll", { tabindex: 0, role: "group", "aria-labelledby": "confusion-title" },
    element(`table.confusion${names.length <= 8 ? ".few" : ""}`, {},
      element("thead", {},
        element("tr", {},
          element("th", { scope: "col" }, "Label"),
          ...names.map((name) => element("th", { scope: "col", title: name }, data(name))))),
      element("tbody", {}, ...rows.map((row, i) => element("tr", {},
        element("th", { scope: "row", title: names[i] }, data(names[i])),
        ...row.map((cell, j) => {
          const td = element(`td${i === j ? ".right" : ""}`, {
            title: `${names[i]} predicted as ${names[j]}: ${plural(cell?.count ?? 0, "example")}`,
          }, cell === null ? "·" : percent(cell.fraction, 0).replace(" %", ""));
          td.style.setProperty("--fraction", String(cell?.fraction ?? 0));
          return td;
        }))))));
}

/** Creates a heat map, for too many classes for a table; the cell under the pointer is described below it. */
function confusionMap({ names, cells }) {
  const size = names.length;
  const pixels = Math.max(2, Math.floor(720 / size));
  const canvas = element("canvas", {
    width: size * pixels,
    height: size * pixels,
    role: "img",
    "aria-label": `Confusion of ${size} classes; the pairs most confused are listed below`,
  });
  const context = canvas.getContext("2d");
  context.fillStyle = colour("--heat-none");
  context.fillRect(0, 0, canvas.width, canvas.height);
  const found = new Map();
  for (const cell of cells) {
    context.globalAlpha = 0.15 + 0.85 * Math.sqrt(cell.fraction);
    context.fillStyle = colour(cell.row === cell.column ? "--heat" : "--heat-wrong");
    context.fillRect(cell.column * pixels, cell.row * pixels, pixels, pixels);
    found.set(cell.row * size + cell.column, cell);
  }
  const words = element("p.fine", {}, "Rows are labels, columns predictions; point at a cell.");
  canvas.addEventListener("pointermove", (event) => {
    const column = Math.min(size - 1, Math.floor((event.offsetX / canvas.clientWidth) * size));
    const row = Math.min(size - 1, Math.floor((event.offsetY / canvas.clientHeight) * size));
    const cell = found.get(row * size + column);
    words.replaceChildren(data(names[row]), " predicted as ", data(names[column]),
      `: ${plural(cell?.count ?? 0, "example")}, ${percent(cell?.fraction ?? 0)} of the label's`);
  });
  return element("div.confusion-map", {}, canvas, words);
}

function mostConfused({ names, cells }) {
  const wrong = cells.filter((cell) => cell.row !== cell.column)
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_CONFUSED);
  if (wrong.length === 0) {
    return element("p.fine", {}, "No example of the window was misclassified.");
  }
  return element("details", { "data-key": "confused" },
    element("summary", {}, "Most confused"),
    element("ol.confused", {}, ...wrong.map((cell) => element("li", {},
      data(names[cell.row]), " predicted as ", data(names[cell.column]),
      ` ${plural(cell.count, "time")}, ${percent(cell.fraction)}`))));
}

function reasonRows(reasons, kind) {
  const sorted = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  const most = Math.max(...sorted.map(([, number]) => number), 1);
  return sorted.map(([reason, number]) => element("tr", {},
    element("th", { scope: "row" }, element("code", {}, reason)),
    element("td.number", {}, count(number)),
    element("td.bar-cell", {}, bar(number / most, kind))));
}

function reasonTable(title, note, reasons, kind) {
  const rows = reasonRows(reasons, kind);
  return rows.length === 0 ? null : element("table.reasons", {},
    element("caption", {}, title, element("span.note", {}, ` ${note}`)),
    element("thead.quiet", {}, element("tr", {},
      element("th", { scope: "col" }, "Reason"),
      element("th", { scope: "col" }, "Events"),
      element("th", { scope: "col" }, "Proportion"))),
    element("tbody", {}, ...rows));
}

/** Creates the panel of events by outcome, and the reasons of those that were not trained on. */
export function outcomePanel(latest, unattributedDeadLetters) {
  const { audit } = latest;
  const tables = [
    reasonTable("Dead letters", "published byte for byte on their topic", latest.deadLettersByReason, "drift"),
    reasonTable("Dead letters without a model", "the model of the message is unknown", unattributedDeadLetters, "drift"),
    reasonTable("Ignored", "valid, but not trained on", latest.ignoredByReason, "f1"),
  ].filter((node) => node !== null);
  return [
    element("p.headline.small", {}, ...[
      [audit.accepted.count, "trained on"],
      [audit.unlabelled.count, "predicted only"],
      [audit.ignored.count, "ignored"],
      [audit.deadLetters.count, "dead letters"],
    ].flatMap(([number, outcome], i) => [
      i === 0 ? "" : " ",
      element("span.outcome", {}, element("strong", {}, count(number)), ` ${outcome}`),
    ])),
    ...(tables.length === 0
      ? [empty("No dead letters or ignored events.", "Every event so far was used.")]
      : tables),
  ];
}

export function versionTable(versions) {
  if (versions.length === 0) {
    return empty("No snapshot yet.", "The job publishes one every models.publish-interval if the model has changed.");
  }
  return element("div.scroll.tall", { tabindex: 0, role: "group", "aria-labelledby": "versions-title" },
    element("table", {},
      element("thead", {}, element("tr", {},
        element("th.number", { scope: "col" }, "Version"),
        element("th.number", { scope: "col" }, "Examples"),
        element("th", { scope: "col" }, "Published"),
        element("th", { scope: "col" }, "Content hash"))),
      element("tbody", {}, ...[...versions].reverse().map((each) => element("tr", {},
        element("th.number", { scope: "row" }, count(each.version)),
        element("td.number", {}, count(each.examples)),
        element("td", {}, time(each.emittedAt)),
        element("td", {}, element("code", { title: each.hash }, each.hash.slice(0, 10))))))));
}

const SCORES = [
  ["Loss, nats", "loss", figure],
  ["Accuracy", "accuracy", percent],
  ["Balanced accuracy", "balancedAccuracy", percent],
  ["Top-k accuracy", "topKAccuracy", percent],
  ["Kappa", "kappa", figure],
  ["Kappa-temporal", "kappaTemporal", figure],
  ["Kappa-M", "kappaM", figure],
  ["Brier score", "brierScore", figure],
  ["Mean confidence", "meanConfidence", percent],
  ["Calibration error", "calibrationError", figure],
];

/** Creates the table of all scores, rolling, fading and since the start, followed by single values. */
export function scoreTable(latest) {
  const named = (name, key) => (key === "topKAccuracy" && latest.topK > 0 ? `Top-${latest.topK} accuracy` : name);
  const once = [
    ["Learning rate", rate(latest.learningRate)],
    ["Gradient norm", statistic(latest.gradientNorm)],
    ["Parameter norm", statistic(latest.parameterNorm)],
  ];
  return element("div.scroll", { tabindex: 0, role: "group", "aria-labelledby": "scores-title" },
    element("table", {},
      element("thead", {}, element("tr", {},
        element("th", { scope: "col" }, "Score"),
        element("th.number", { scope: "col" }, "Rolling"),
        element("th.number", { scope: "col" }, "Fading"),
        element("th.number", { scope: "col" }, "Since start"))),
      element("tbody", {},
        ...SCORES.map(([name, key, format]) => element("tr", {},
          element("th", { scope: "row" }, named(name, key)),
          ...[latest.rolling, latest.fading, latest.prequential].map((scores) =>
            element("td.number", {}, format(scores?.[key]))))),
        ...once.map(([name, value]) => element("tr", {},
          element("th", { scope: "row" }, name),
          element("td.number", {}, value),
          element("td", { colspan: 2 }))))));
}

const KINDS = [
  {
    name: "Linear models",
    colour: "--model",
    has: (name) => name.startsWith("rate "),
    text: "One softmax regression for each learning rate: more of a feature makes a class more or less probable.",
  },
  {
    name: "Ferns",
    colour: "--second",
    has: (name) => name.startsWith("ferns"),
    text: "Random groups of eight yes-or-no tests of features; each pattern of answers has a score for each class.",
  },
  {
    name: "Nearest examples",
    colour: "--fourth",
    has: (name) => name.startsWith("nearest "),
    text: "The most similar example of each class among the last 32 or 1,024: what was like this had which label?",
  },
  {
    name: "Label experts",
    colour: "--third",
    has: () => true,
    text: "No features, only earlier labels: which label follows the last one, and how frequent each label is.",
  },
];

/** Returns the kind of an expert of an ensemble. */
export function kindOf(expert) {
  return KINDS.find((kind) => kind.has(expert.name));
}

/** Creates the list of the kinds of experts, each with its weight in the stack, its lowest loss and an explanation. */
export function expertKinds(latest) {
  const kinds = KINDS.map((kind) => ({
    ...kind,
    experts: latest.experts.filter((expert) => kindOf(expert) === kind),
  })).filter((kind) => kind.experts.length > 0);
  const sum = (experts) => experts.reduce((total, expert) => total + (expert.stackWeight ?? 0), 0);
  const lowest = (experts) => Math.min(...experts.map((expert) => expert.loss ?? Infinity));
  return [
    element("ul.kinds", {}, ...kinds.map(({ name, colour: key, text, experts }) => {
      const swatch = element("span.legend-key.filled", { "aria-hidden": "true" });
      swatch.style.setProperty("--key", `var(${key})`);
      return element("li", {},
        element("div.kind-head", {},
          swatch,
          element("strong", {}, name),
          element("span.note", {},
            `weight ${signed(sum(experts), (size) => figure(size, 2))} · lowest loss ${figure(lowest(experts), 3)}`)),
        element("p.fine", {}, text));
    })),
    element("p.fine", {},
      "Answer: ",
      latest.combinations.map((each) => `${percent(each.weight, 0)} ${each.name}`).join(", "),
      ". The stack weights what all experts say; the correction is a stack on top of their mixture. A negative weight"
        + " takes back what others count twice."),
  ];
}

/** Creates the message of the learning-rate panel if there is no mixture. */
export function noMixture(latest) {
  return latest !== null && latest.experts.length === 1
    ? empty(`One learning rate, ${rate(latest.learningRate)}.`,
      "With learner.type=ensemble, or training.learning-rate=auto, there is no rate to choose.")
    : empty("No learning rates yet.");
}
