// Client of the event stream: connects, reconnects after a failure, and keeps the history.

/** With more points the history is fetched from the server again, which has merged older points. */
const MAX_POINTS = 6000;
const MAX_DRAWN = 1000;
const SPACINGS = 32;
const RETRY_MILLIS = [500, 1000, 2000, 5000, 10_000];

/** Time series of one model, as columns of equal length, oldest first. */
export class History {
  constructor() {
    this.columns = { examples: [], emittedAt: [] };
    /** For each metric of the experts, a column for each expert. */
    this.experts = { weights: [], stackWeights: [], expertLosses: [] };
  }

  get length() {
    return this.columns.examples.length;
  }

  replace(points) {
    const { experts, ...columns } = points;
    this.columns = columns;
    this.experts = experts;
  }

  append(points) {
    const { experts, ...columns } = points;
    for (const [name, values] of Object.entries(columns)) {
      this.columns[name].push(...values);
    }
    for (const [name, series] of Object.entries(experts)) {
      series.forEach((values, expert) => this.experts[name][expert].push(...values));
    }
  }
}

/**
 * Returns a history resampled to the spacing of the oldest visible points, and to no more points than can be distinguished. Older points are means already; next to them, single newer points would look noisier.
 *
 * @param {History} history
 * @param {string} axis column of the horizontal axis
 * @param {{min: number, max: number}|null} range visible range; null for all
 */
export function evenly(history, axis, range) {
  const xs = history.columns[axis];
  const min = range?.min ?? xs[0];
  const max = range?.max ?? xs.at(-1);
  const first = Math.max(0, xs.findIndex((x) => x >= min));
  const spacings = xs.slice(first, first + SPACINGS + 1)
    .map((x, i, some) => (i === 0 ? 0 : x - some[i - 1])).slice(1)
    .sort((a, b) => a - b);
  const spacing = spacings[spacings.length >> 1] ?? 0;
  // A power of two times the spacing, with bins counted from 0, so that points stay in their bins while the range grows.
  const width = spacing * 2 ** Math.max(0, Math.ceil(Math.log2((max - min) / MAX_DRAWN / spacing)));
  const bins = [];
  let start = 0;
  for (let i = 1; i <= xs.length; i++) {
    const newest = i >= xs.length - 1; // is not merged
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
    even.columns[name] = name === "examples" || name === "emittedAt"
      ? bins.map(([, to]) => values[to - 1])
      : means(values);
  }
  for (const [name, series] of Object.entries(history.experts)) {
    even.experts[name] = series.map(means);
  }
  return even;
}

/** Returns the mean of the defined values. */
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
 * Event stream of one model at a time.
 *
 * Calls onUpdate() after every message, and onConnection(state) with "connecting", "open", "lost",
 * "ended" or "paused".
 */
export class Feed {
  constructor(onUpdate, onConnection) {
    this.onUpdate = onUpdate;
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
    this.emittedAt = null;
    this.alerts = [];
    this.versions = [];
    this.state = null;
    this.models = [];
    this.unattributedDeadLetters = {};
  }

  /** Subscribes to a model; null lets the server choose. */
  open(modelId) {
    if (modelId !== this.modelId) {
      this.forget();
    }
    this.modelId = modelId;
    this.onConnection("connecting");
    this.connect();
  }

  /** Stops the stream; the page keeps its contents. */
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
      this.apply(JSON.parse(event.data));
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
    const wait = RETRY_MILLIS[Math.min(this.failures++, RETRY_MILLIS.length - 1)];
    this.retry = setTimeout(() => this.connect(), wait);
  }

  apply(message) {
    this.state = message.feed;
    this.models = message.models;
    this.unattributedDeadLetters = message.unattributedDeadLetters;
    this.modelId = message.modelId;
    const model = message.model;
    if (model) {
      if (model.full) {
        this.history.replace(model.points);
      } else {
        this.history.append(model.points);
      }
      this.emittedAt = model.emittedAt;
      this.latest = model.latest ?? this.latest;
      this.alerts = model.alerts ?? this.alerts;
      this.versions = model.versions ?? this.versions;
    }
    if (this.history.length > MAX_POINTS) {
      this.connect();
    }
    this.onConnection(this.state.state === "ended" ? "ended" : "open");
    this.onUpdate();
  }
}
