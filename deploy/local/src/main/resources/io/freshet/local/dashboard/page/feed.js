// The stream of figures: connects, comes again when the connection breaks, and keeps the history.

/** Beyond these the server's history is fetched anew: it is thinned as a whole. */
const MOST_POINTS = 6000;
const MOST_DRAWN = 1000;
const MEASURED = 32;
const WAITS_MILLIS = [500, 1000, 2000, 5000, 10_000];

/** Columns of numbers of equal length, oldest first. */
export class History {
  constructor() {
    this.columns = { examples: [], told: [] };
    this.weights = [];
  }

  get length() {
    return this.columns.examples.length;
  }

  replace(points) {
    const { weights, ...columns } = points;
    this.columns = columns;
    this.weights = weights;
  }

  append(points) {
    const { weights, ...columns } = points;
    for (const [name, values] of Object.entries(columns)) {
      this.columns[name].push(...values);
    }
    weights.forEach((values, member) => this.weights[member].push(...values));
  }
}

/**
 * A history with points as far apart in what is looked at as the oldest of them, and no more than can be
 * told apart. Older points are means already; beside them newer ones would look like more noise.
 *
 * @param {History} history
 * @param {string} axis the column that is the horizontal axis
 * @param {{min: number, max: number}|null} range what is looked at; null for all
 */
export function evenly(history, axis, range) {
  const xs = history.columns[axis];
  const min = range?.min ?? xs[0];
  const max = range?.max ?? xs.at(-1);
  const first = Math.max(0, xs.findIndex((x) => x >= min));
  const spacings = xs.slice(first, first + MEASURED + 1)
    .map((x, i, some) => (i === 0 ? 0 : x - some[i - 1])).slice(1)
    .sort((a, b) => a - b);
  const spacing = spacings[spacings.length >> 1] ?? 0;
  // Doubled, and counted from 0, so that points keep their bins while the range grows.
  const width = spacing * 2 ** Math.max(0, Math.ceil(Math.log2((max - min) / MOST_DRAWN / spacing)));
  const bins = [];
  let start = 0;
  for (let i = 1; i <= xs.length; i++) {
    const newest = i >= xs.length - 1; // stays as it is
    if (newest || Math.floor(xs[i] / width) !== Math.floor(xs[start] / width)) {
      bins.push([start, i]);
      start = i;
    }
  }
  if (!(width > 0) || bins.length === xs.length) {
    return history;
  }
  const means = (values) => bins.map(([from, to]) => mean(values, from, to));
  const even = new History();
  for (const [name, values] of Object.entries(history.columns)) {
    even.columns[name] = name === "examples" || name === "told"
      ? bins.map(([, to]) => values[to - 1])
      : means(values);
  }
  even.weights = history.weights.map(means);
  return even;
}

/** The mean of those that are defined. */
function mean(values, from, to) {
  let sum = 0;
  let defined = 0;
  for (let i = from; i < to; i++) {
    if (values[i] !== null) {
      sum += values[i];
      defined++;
    }
  }
  return defined === 0 ? null : sum / defined;
}

/**
 * The stream of one model at a time.
 *
 * Calls onNews() after every message, and onConnection(state) with "connecting", "open", "lost",
 * "ended" or "paused".
 */
export class Feed {
  constructor(onNews, onConnection) {
    this.onNews = onNews;
    this.onConnection = onConnection;
    this.source = null;
    this.retry = null;
    this.failures = 0;
    this.modelId = null;
    this.forget();
  }

  forget() {
    this.history = new History();
    this.latest = null;
    this.told = null;
    this.alerts = [];
    this.versions = [];
    this.state = null;
    this.models = [];
    this.deadLettersOfNoModel = {};
  }

  /** Shows a model; without one the server chooses. */
  open(modelId) {
    if (modelId !== this.modelId) {
      this.forget();
    }
    this.modelId = modelId;
    this.onConnection("connecting");
    this.connect();
  }

  /** Stops the stream; what is on the page stays. */
  pause() {
    this.disconnect();
    this.onConnection("paused");
  }

  connect() {
    this.disconnect();
    const query = this.modelId === null ? "" : `?model=${encodeURIComponent(this.modelId)}`;
    this.source = new EventSource(`/events${query}`);
    this.source.onmessage = (event) => {
      this.failures = 0;
      this.take(JSON.parse(event.data));
    };
    this.source.onerror = () => this.lost();
  }

  disconnect() {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
  }

  lost() {
    this.disconnect();
    this.onConnection(this.state?.state === "ended" ? "ended" : "lost");
    const wait = WAITS_MILLIS[Math.min(this.failures++, WAITS_MILLIS.length - 1)];
    this.retry = setTimeout(() => this.connect(), wait);
  }

  take(message) {
    this.state = message.feed;
    this.models = message.models;
    this.deadLettersOfNoModel = message.deadLettersOfNoModel;
    this.modelId = message.chosen;
    const model = message.model;
    if (model) {
      if (model.whole) {
        this.history.replace(model.points);
      } else {
        this.history.append(model.points);
      }
      this.told = model.told;
      this.latest = model.latest ?? this.latest;
      this.alerts = model.alerts ?? this.alerts;
      this.versions = model.versions ?? this.versions;
    }
    if (this.history.length > MOST_POINTS) {
      this.connect();
    }
    this.onConnection(this.state.state === "ended" ? "ended" : "open");
    this.onNews();
  }
}
