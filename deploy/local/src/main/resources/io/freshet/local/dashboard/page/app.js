// The dashboard page: shows what the event stream delivers.

import { Chart, drawCharts, onView, placeText, setAxis, setRange, showExamples, view } from "/charts.js";
import { byId, element, empty, setText } from "/dom.js";
import { Feed } from "/feed.js";
import { compact, count, duration, figure, percent, plural, time } from "/format.js";
import {
  alertCards, alertSentence, calibrationPlot, classTable, confusionPanel, detectorTable, expertKinds,
  fillKeyFigures, keyFigures, kindOf, noAlerts, noMixture, outcomePanel, scoreTable, signed,
  versionTable,
} from "/panels.js";
import { isDark, onTheme, toggleTheme } from "/theme.js";

const PANELS_MILLIS = 1000;
const SUMMARY_MILLIS = 20_000;
/** A model is behind the job if others have had metrics for so long since its own. */
const MODEL_BEHIND_MILLIS = 60_000;
const STALE_JOB = new Set(["late", "silent", "stopped"]);
const CONNECTIONS = {
  connecting: "Connecting",
  lost: "Connection lost, reconnecting",
  ended: "Ended, showing the last values",
  paused: "Paused",
};
const EXPERT_COLOURS = 11;
const DASHES = [undefined, [8, 4], [2, 3], [10, 3, 2, 3]];
const FOCUSABLE = "button, summary, [tabindex]";

const state = {
  paused: false,
  connection: "connecting",
  classes: { worstFirst: false, expanded: false },
  allAlerts: false,
  announcedAlert: null,
  announcedJob: null,
  panelsAt: -Infinity,
  summaryAt: 0,
};
const feed = new Feed(onUpdate, onConnection);

const waiting = () => empty("No data yet.", "The chart starts with the first metrics of the model.");
const column = (name) => (history) => history.columns[name] ?? [];

function lines(...specs) {
  return (history) => specs
    .map(({ series, optional, ...spec }) => ({ ...spec, optional, values: column(series)(history) }))
    .filter((line) => !line.optional || line.values.some((value) => value !== null));
}

function padded(lowest, highest) {
  return (min, max) => {
    const room = Math.max((max - min) * 0.08, 1e-3);
    return [Math.max(lowest, min - room), Math.min(highest, max + room)];
  };
}

const fromZero = (min, max) => [0, Math.max(max * 1.1, 1e-9)];

new Chart(byId("loss"), {
  name: "Loss",
  lines: lines(
    { series: "loss", label: "Rolling", colour: "--model", width: 2 },
    { series: "fadingLoss", label: "Fading", colour: "--second", dash: [8, 4], optional: true },
    { series: "runningLoss", label: "Running", colour: "--third", dash: [2, 3], optional: true },
  ),
  format: (value) => figure(value, 3),
  tick: (value) => figure(value, 2),
  range: padded(0, Infinity),
  marked: true,
  empty: waiting,
});
new Chart(byId("accuracy"), {
  name: "Accuracy",
  lines: lines(
    { series: "accuracy", label: "Model", colour: "--model", width: 2 },
    { series: "noChangeAccuracy", label: "No-change", colour: "--second", dash: [8, 4] },
    { series: "majorityAccuracy", label: "Majority", colour: "--third", dash: [2, 3] },
    { series: "fadingAccuracy", label: "Fading", colour: "--fourth", dash: [12, 3], optional: true, hidden: true },
    { series: "averageConfidence", label: "Average confidence, unlabelled", colour: "--fifth", dash: [5, 5], optional: true },
  ),
  format: (value) => percent(value),
  tick: (value) => percent(value, 0),
  range: padded(0, 1),
  marked: true,
  empty: waiting,
});
new Chart(byId("weights"), {
  name: "Weights of the mixture",
  lines: (history) => {
    const experts = feed.latest?.experts ?? [];
    return experts.length < 2 ? [] : stacked(history.experts.weights, experts.map((expert) => expert.name));
  },
  format: (value) => percent(value, 0),
  range: () => [0, 1],
  filled: true,
  empty: () => noMixture(feed.latest),
});
new Chart(byId("stack-weights"), {
  name: "Weights in the stack",
  lines: (history) => expertLines(history.experts.stackWeights),
  format: (value) => signed(value, (size) => figure(size, 2)),
  tick: (value) => figure(value, 1),
  range: (min, max) => padded(-Infinity, Infinity)(Math.min(0, min), Math.max(0, max)),
  empty: waiting,
});
new Chart(byId("expert-losses"), {
  name: "Losses of the experts",
  lines: (history) => expertLines(history.experts.expertLosses)
    .concat({ label: "Model, rolling", values: column("loss")(history), colour: "--text", width: 3 }),
  format: (value) => figure(value, 3),
  tick: (value) => figure(value, 2),
  // An expert that fails altogether leaves the chart, so that the others can be told apart.
  range: (min, max) => padded(0, Infinity)(min, Math.min(max, Math.max(4 * min, 2))),
  marked: true,
  empty: waiting,
});
new Chart(byId("throughput"), {
  name: "Throughput",
  lines: lines({ series: "throughput", label: "Examples per second", colour: "--model", width: 2 }),
  format: compact,
  range: fromZero,
  empty: () => empty("No throughput yet.", "Jobs of older versions do not publish it."),
});
new Chart(byId("lag"), {
  name: "Event-time lag",
  lines: lines({ series: "eventTimeLag", label: "Lag", colour: "--model", width: 2 }),
  format: duration,
  range: (min, max) => [Math.min(0, min), Math.max(max * 1.1, 1)],
  empty: () => empty("No lag yet.", "Jobs of older versions do not publish it."),
});

/** Each expert is drawn as the sum of its weight and the weights of later experts, so that the areas are stacked. */
function stacked(weights, names) {
  const sums = weights.map((values) => [...values]);
  for (let expert = sums.length - 2; expert >= 0; expert--) {
    for (let i = 0; i < sums[expert].length; i++) {
      sums[expert][i] = sums[expert][i] === null ? null : sums[expert][i] + (sums[expert + 1][i] ?? 0);
    }
  }
  return names.map((name, expert) => ({
    label: name,
    colour: `--expert-${(expert % EXPERT_COLOURS) + 1}`,
    values: weights[expert],
    drawn: sums[expert],
    width: 1,
  }));
}

/** Experts of a kind have one colour, and differ by their dashes; without kinds each has its own colour. */
function expertLines(series) {
  const experts = feed.latest?.experts ?? [];
  const places = new Map();
  return experts.length < 2 ? [] : experts.map((expert, i) => {
    const kind = kindOf(expert);
    const place = places.get(kind.colour) ?? 0;
    places.set(kind.colour, place + 1);
    return {
      label: expert.name,
      values: series[i],
      width: 2,
      ...(isEnsemble(feed.latest)
        ? { colour: kind.colour, dash: DASHES[place % DASHES.length] }
        : { colour: `--expert-${(i % EXPERT_COLOURS) + 1}` }),
    };
  });
}

function isEnsemble(latest) {
  return latest !== null && latest.combinations.length > 0;
}

/** Shows the panels of an ensemble, or those of a mixture over learning rates. */
function showExpertCards() {
  const { latest } = feed;
  byId("mixture-card").hidden = isEnsemble(latest);
  byId("stack-card").hidden = !isEnsemble(latest);
  byId("expert-losses-card").hidden = (latest?.experts ?? []).every((expert) => expert.loss === null);
}

function onConnection(connection) {
  state.connection = connection;
  showConnection();
}

/** Shows the state of the stream and of the job. The figures are greyed if they are not those of a working job. */
function showConnection() {
  const job = feed.state?.job ?? null;
  const known = job !== null && (feed.state.state === "live" || STALE_JOB.has(job.state));
  const shown = state.connection === "open" ? (known ? job.state : "connecting") : state.connection;
  byId("connection").dataset.state = shown;
  if (shown === "connecting" && feed.state?.state === "catching-up") {
    setText(byId("connection-text"), "Reading the history");
  } else if (state.connection === "open" && known) {
    setText(byId("connection-text"), job.text + modelNote(job));
  } else {
    setText(byId("connection-text"), CONNECTIONS[shown]);
  }
  if (STALE_JOB.has(shown) || shown === "lost" || shown === "ended") {
    document.body.dataset.stale = shown;
  } else {
    delete document.body.dataset.stale;
  }
  showTitle();
}

/** Says that the selected model has no new metrics although the job has. */
function modelNote(job) {
  const newest = Math.max(...feed.models.map((model) => model.emittedAt));
  const behind = newest - (feed.emittedAt ?? newest);
  return job.state === "live" && behind > MODEL_BEHIND_MILLIS ? `, this model had no update for ${duration(behind)}` : "";
}

/** Puts the newest loss into the page's title; before it the state, if the loss is not that of a working job. */
function showTitle() {
  if (feed.latest !== null) {
    const stale = document.body.dataset.stale === undefined ? "" : `${byId("connection-text").textContent} · `;
    document.title = `${stale}${figure(feed.latest.rolling.loss, 3)} · ${feed.modelId} · Freshet`;
  }
}

let drawing = false;

function onUpdate() {
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      show();
    });
  }
}

function show() {
  showModels();
  showNotice();
  showExpertCards();
  drawCharts(feed.history, feed.alerts);
  const now = performance.now();
  const newAlert = (feed.alerts.at(-1)?.emittedAt ?? null) !== state.announcedAlert;
  showKeyFigures();
  if (newAlert || now - state.panelsAt >= PANELS_MILLIS) {
    state.panelsAt = now;
    showPanels();
  } else {
    clearTimeout(state.later);
    state.later = setTimeout(onUpdate, PANELS_MILLIS);
  }
  announce(now, newAlert);
}

function showModels() {
  const select = byId("model");
  const known = [...select.options].map((option) => option.value).join("\n");
  const now = feed.models.map((model) => model.id).join("\n");
  if (feed.models.length > 0 && known !== now) {
    select.replaceChildren(...feed.models.map((model) => element("option", { value: model.id }, model.id)));
    select.disabled = false;
  }
  if (feed.modelId !== null && select.value !== feed.modelId) {
    select.value = feed.modelId;
  }
}

function showNotice() {
  const notice = byId("notice");
  const sentences = [];
  if (feed.state?.detail) {
    sentences.push(feed.state.detail);
  } else if (feed.state !== null && feed.models.length === 0 && feed.state.state === "live") {
    sentences.push("No metrics yet. The job publishes them after its first events; the command freshet replay sends some.");
  } else if (feed.latest === null && feed.models.length > 0) {
    sentences.push(`There are no metrics of model ${feed.modelId}: choose another model.`);
  }
  if (feed.state?.unreadable > 0) {
    sentences.push(`${plural(feed.state.unreadable, "record")} could not be read: published by a newer version of the job?`);
  }
  if (feed.state?.droppedModels > 0) {
    sentences.push(`Only the ${count(feed.models.length)} most recently updated models are shown.`);
  }
  if (feed.state?.job.state === "silent") {
    sentences.push(`${feed.state.job.text}. The job may have failed: the command freshet status and the job's log tell more.`);
  }
  notice.hidden = sentences.length === 0;
  setText(notice, sentences.join(" "));
}

function showKeyFigures() {
  const list = byId("key-figures");
  list.hidden = feed.latest === null;
  if (feed.latest === null) {
    return;
  }
  fillKeyFigures(list, keyFigures(feed.latest, feed.alerts));
  showTitle();
  setText(byId("footer-note"), `Last update ${time(feed.emittedAt)} · ${count(feed.history.length)} points kept`);
}

const filled = new Map();

/** Renders a panel again if its inputs have changed; keeps the focus and open details. */
function fill(id, madeOf, make) {
  if (filled.has(id) && filled.get(id).every((each, i) => each === madeOf[i])) {
    return;
  }
  filled.set(id, madeOf);
  const panel = byId(id);
  const focused = panel.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.closest("[data-key]")?.dataset.key;
  const place = focused === null ? -1 : [...panel.querySelectorAll(FOCUSABLE)].indexOf(focused);
  const scrolled = [...panel.querySelectorAll(".scroll")].map((region) => [region.scrollLeft, region.scrollTop]);
  const open = new Set([...panel.querySelectorAll("details[open]")].map((each) => each.dataset.key));
  panel.replaceChildren(...[make()].flat());
  panel.querySelectorAll("details").forEach((each) => {
    each.open = open.has(each.dataset.key);
  });
  panel.querySelectorAll(".scroll").forEach((region, i) => region.scrollTo(...(scrolled[i] ?? [0, 0])));
  if (focused !== null) {
    const keyed = [...panel.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
    const next = keyed?.querySelector("summary") ?? keyed ?? [...panel.querySelectorAll(FOCUSABLE)][place];
    next?.focus({ preventScroll: true });
  }
}

function showPanels() {
  const { latest, alerts, versions } = feed;
  const { classes } = state;
  fill("alerts", [alerts, state.allAlerts, latest === null], () => (alerts.length === 0
    ? noAlerts(latest)
    : alertCards(alerts, state.allAlerts, showAlert, () => {
      state.allAlerts = true;
      showPanels();
    })));
  fill("versions", [versions], () => versionTable(versions));
  const panel = (id, madeOf, make) =>
    fill(id, [latest, ...madeOf], () => (latest === null ? empty("No data yet.") : make()));
  panel("detectors", [], () => detectorTable(latest));
  panel("classes", [classes.worstFirst, classes.expanded], () => classTable(latest, classes, (worstFirst) => {
    classes.worstFirst = worstFirst;
    showPanels();
  }, () => {
    classes.expanded = true;
    showPanels();
  }));
  panel("expert-kinds", [], () => expertKinds(latest));
  panel("calibration", [], () => calibrationPlot(latest));
  panel("scores", [], () => scoreTable(latest));
  panel("confusion", [isDark()], () => confusionPanel(latest));
  panel("outcomes", [feed.unattributedDeadLetters], () => outcomePanel(latest, feed.unattributedDeadLetters));
}

function showAlert(event) {
  const around = Math.max(3 * (event.after?.examples ?? 0), feed.latest.windowSize * 4);
  const { examples } = feed.history.columns;
  showExamples(
    Math.max(examples[0], event.examplesSeen - around),
    Math.min(examples.at(-1), event.examplesSeen + around),
  );
  byId("loss-title").scrollIntoView({ block: "center" });
}

/** Announces news to screen readers: alerts at once, the metrics at intervals. */
function announce(now, newAlert) {
  const alert = feed.alerts.at(-1);
  const job = feed.state?.job;
  if (job && job.state !== state.announcedJob) {
    const worth = STALE_JOB.has(job.state) || STALE_JOB.has(state.announcedJob);
    state.announcedJob = job.state;
    if (worth) {
      state.summaryAt = now;
      setText(byId("live"), `${job.text}.`);
      return;
    }
  }
  if (newAlert && alert !== undefined) {
    state.announcedAlert = alert.emittedAt;
    state.summaryAt = now;
    setText(byId("live"), alertSentence(alert.event));
  } else if (feed.latest !== null && !STALE_JOB.has(job?.state) && now - state.summaryAt > SUMMARY_MILLIS) {
    state.summaryAt = now;
    const { rolling } = feed.latest;
    setText(
      byId("live"),
      `${count(feed.latest.examplesSeen)} examples seen. Loss ${figure(rolling.loss, 3)}, accuracy `
        + `${percent(rolling.accuracy)}, ${plural(feed.latest.drifts, "drift")}.`,
    );
  }
}

function setPaused(paused) {
  state.paused = paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  setText(byId("pause"), paused ? "Resume" : "Pause");
}

byId("pause").addEventListener("click", () => {
  setPaused(!state.paused);
  if (state.paused) {
    feed.pause();
  } else {
    feed.open(feed.modelId);
  }
});
byId("theme").addEventListener("click", toggleTheme);
onTheme(() => {
  setText(byId("theme"), isDark() ? "Light" : "Dark");
  showPanels();
});
byId("model").addEventListener("change", (event) => {
  setRange(null);
  state.announcedAlert = null;
  state.classes.expanded = false;
  state.allAlerts = false;
  window.history.replaceState(null, "", `?model=${encodeURIComponent(event.target.value)}`);
  setPaused(false);
  feed.open(event.target.value);
});
for (const axis of ["examples", "time"]) {
  byId(`axis-${axis}`).addEventListener("click", () => setAxis(axis));
}
byId("zoom-reset").addEventListener("click", () => setRange(null));
onView(() => {
  for (const axis of ["examples", "time"]) {
    byId(`axis-${axis}`).setAttribute("aria-pressed", String(axis === view.axis));
  }
  byId("zoom").hidden = view.range === null;
  if (view.range !== null) {
    setText(byId("zoom-text"), `Showing ${placeText(view.range.min)} to ${placeText(view.range.max)}`);
  }
});

feed.open(new URLSearchParams(window.location.search).get("model"));
