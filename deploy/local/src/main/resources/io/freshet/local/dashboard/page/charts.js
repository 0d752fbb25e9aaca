// Line charts over examples or time, drawn by uPlot: a shared horizontal range, drift marks,
// a legend with buttons, keyboard control, and a table of the same values.

import uPlot from "/uplot/uPlot.esm.js";
import { element, setText } from "/dom.js";
import { evenly } from "/feed.js";
import { compact, count, tickTime, time } from "/format.js";
import { colour, onTheme } from "/theme.js";

const HEIGHT = 236;
const FONT = window.getComputedStyle(document.body).fontFamily;
const TABLE_ROWS = 12;
const LABEL_GAP = 64;
const charts = [];
const listeners = [];

/** View shared by all charts: the horizontal axis, and the zoomed range in its unit, or null for all. */
export const view = { axis: "examples", range: null };

/** All points, and the points that are drawn. */
let history = null;
let drawn = null;
let marks = [];

/** Calls the listener when the axis or the range changes. */
export function onView(listener) {
  listeners.push(listener);
}

export function setAxis(axis) {
  view.axis = axis;
  view.range = null;
  choosePoints();
  charts.forEach((chart) => chart.rebuild());
  listeners.forEach((listener) => listener());
}

export function setRange(range) {
  view.range = range;
  choosePoints();
  charts.forEach((chart) => chart.draw());
  listeners.forEach((listener) => listener());
}

/** Zooms to a range of examples, on either axis. */
export function showExamples(from, to) {
  setRange(
    view.axis === "examples"
      ? { min: from, max: to }
      : { min: timeOfExample(from), max: timeOfExample(to) },
  );
}

/** Formats a position on the axis. */
export function placeText(x) {
  return view.axis === "examples" ? count(Math.round(x)) : time(x);
}

/** Returns the time at which a number of examples had been seen, interpolated between points. */
function timeOfExample(examples) {
  const xs = history.columns.examples;
  const emittedAt = history.columns.emittedAt;
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < examples) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low === 0 || low === xs.length) {
    return emittedAt[Math.min(low, xs.length - 1)];
  }
  const span = xs[low] - xs[low - 1];
  const fraction = span === 0 ? 1 : (examples - xs[low - 1]) / span;
  return emittedAt[low - 1] + fraction * (emittedAt[low] - emittedAt[low - 1]);
}

function place(examples) {
  return view.axis === "examples" ? examples : timeOfExample(examples);
}

function choosePoints() {
  if (history !== null && history.length > 0) {
    drawn = evenly(history, view.axis === "examples" ? "examples" : "emittedAt", view.range);
  } else {
    drawn = history;
  }
}

/** Redraws all charts. */
export function drawCharts(newHistory, alerts) {
  history = newHistory;
  choosePoints();
  marks = alerts.map(({ event }) => ({
    label: `Drift ${event.sequence + 1}`,
    at: event.examplesSeen,
    from: event.examplesSeen - (event.after?.examples ?? 0),
  }));
  charts.forEach((chart) => chart.draw());
}

/**
 * Line chart.
 *
 * @param {HTMLElement} host parent element
 * @param {object} options
 *     name: name of the metric;
 *     lines(history): [{ label, values, colour, dash, width, hidden, drawn }], where drawn holds the values
 *       as drawn, if they differ from the values shown;
 *     format(value): of values; tick(value): of the vertical axis, if different;
 *     range(min, max): of the vertical axis;
 *     filled: whether areas are filled;
 *     marked: whether drifts are marked;
 *     empty(): creates the element that is shown without data
 */
export class Chart {
  constructor(host, options) {
    this.options = options;
    this.plot = null;
    this.lines = [];
    this.hidden = new Set();
    this.legend = element("ul.legend", { "aria-label": `Curves of ${options.name}` });
    this.canvas = element("div.plot-canvas", { role: "img" });
    this.box = element("div.plot", {
      tabindex: 0,
      role: "group",
      "aria-label": `${options.name}: chart; arrow keys move, plus and minus zoom, 0 shows all`,
    }, this.canvas);
    this.table = element("div.scroll", { tabindex: 0, role: "group", "aria-label": `${options.name} as a table` });
    this.details = element("details", {}, element("summary", {}, "As a table"), this.table);
    this.vacant = element("div");
    this.shown = element("div", { hidden: "" }, this.legend, this.box, this.details);
    host.append(this.vacant, this.shown);
    this.details.addEventListener("toggle", () => this.fillTable());
    this.box.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.resize()).observe(this.box);
    onTheme(() => this.rebuild());
    charts.push(this);
  }

  rebuild() {
    this.plot?.destroy();
    this.plot = null;
    this.draw();
  }

  draw() {
    if (drawn === null) {
      return;
    }
    const lines = this.options.lines(drawn);
    const drawable = drawn.length > 0 && lines.some((line) => line.values.some((value) => value !== null));
    this.shown.hidden = !drawable;
    this.vacant.hidden = drawable;
    if (!drawable) {
      this.vacant.replaceChildren(this.options.empty());
      return;
    }
    const same = this.plot !== null && lines.length === this.lines.length
      && lines.every((line, i) => line.label === this.lines[i].label);
    this.lines = lines;
    const columns = [
      drawn.columns[view.axis === "examples" ? "examples" : "emittedAt"],
      ...lines.map((line) => line.drawn ?? line.values),
    ];
    if (same) {
      this.plot.setData(columns, true);
    } else {
      this.build(columns);
    }
    this.showValues();
  }

  build(columns) {
    this.plot?.destroy();
    this.buildLegend();
    const axis = {
      stroke: () => colour("--muted"),
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { show: false },
      font: `12px ${FONT}`,
      gap: 6,
    };
    this.plot = new uPlot(
      {
        width: Math.max(200, this.box.clientWidth),
        height: HEIGHT,
        ms: 1,
        legend: { show: false },
        cursor: {
          drag: { x: true, y: false, setScale: false },
          sync: { key: "freshet" },
          points: { size: 7 },
          bind: { dblclick: () => () => setRange(null) },
        },
        scales: {
          x: { time: view.axis === "time", range: (plot, min, max) => this.horizontal(min, max) },
          y: { range: (plot, min, max) => this.options.range(min ?? 0, max ?? 1) },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            values: (plot, ticks, axisIndex, space, apart) =>
              ticks.map((tick) => (view.axis === "examples" ? compact(tick) : tickTime(tick, apart))),
            space: 76,
            size: 26,
          },
          { ...axis, size: 54, space: 36, values: (plot, ticks) => ticks.map(this.options.tick ?? this.options.format) },
        ],
        series: [{}, ...this.lines.map((line, i) => this.series(line, i))],
        hooks: {
          drawClear: [(plot) => this.markRanges(plot)],
          draw: [(plot) => this.markDrifts(plot)],
          setCursor: [() => this.showValues()],
          setSelect: [(plot) => this.select(plot)],
        },
      },
      columns,
      this.canvas,
    );
    this.followFingers(this.plot);
  }

  /** uPlot handles the mouse; a horizontal drag by touch selects a range in the same way. */
  followFingers(plot) {
    let from = null;
    const at = (event) => {
      const left = event.clientX - plot.over.getBoundingClientRect().left;
      return Math.max(0, Math.min(plot.over.clientWidth, left));
    };
    plot.over.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch") {
        from = at(event);
        plot.setCursor({ left: from, top: 0 });
      }
    });
    plot.over.addEventListener("pointermove", (event) => {
      if (from !== null) {
        const to = at(event);
        plot.setCursor({ left: to, top: 0 });
        plot.setSelect({
          left: Math.min(from, to), width: Math.abs(to - from), top: 0, height: plot.over.clientHeight,
        }, false);
      }
    });
    plot.over.addEventListener("pointerup", () => {
      if (from !== null) {
        from = null;
        this.select(plot);
      }
    });
    plot.over.addEventListener("pointercancel", () => {
      from = null; // the page scrolls instead
      plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    });
  }

  series(line, index) {
    const filled = this.options.filled;
    return {
      label: line.label,
      show: !this.hidden.has(line.label),
      stroke: () => (filled ? colour("--card") : colour(line.colour)),
      fill: filled ? () => colour(line.colour) : undefined,
      width: line.width ?? 1.5,
      dash: line.dash,
      spanGaps: true,
      points: { show: false },
    };
  }

  horizontal(min, max) {
    if (view.range !== null) {
      return [view.range.min, view.range.max];
    }
    return min === max ? [min - 1, max + 1] : [min, max];
  }

  buildLegend() {
    for (const line of this.lines) {
      if (line.hidden && !this.known?.has(line.label)) {
        this.hidden.add(line.label);
      }
    }
    this.known = new Set(this.lines.map((line) => line.label));
    this.values = this.lines.map(() => element("span.legend-value"));
    this.legend.replaceChildren(
      ...this.lines.map((line, i) => {
        const key = element(`span.legend-key${this.options.filled ? ".filled" : ""}`, { "aria-hidden": "true" });
        key.style.setProperty("--key", `var(${line.colour})`);
        if (line.dash !== undefined) {
          key.classList.add("dashed");
          key.style.setProperty("--dashes", dashes(line.dash));
        }
        const label = element("span", {}, line.label);
        if (this.options.filled) {
          return element("li", {}, element("span.legend-item", {}, key, label, this.values[i]));
        }
        const button = element("button.legend-item", {
          type: "button",
          "aria-pressed": !this.hidden.has(line.label),
        }, key, label, this.values[i]);
        button.addEventListener("click", () => this.toggle(line.label, i, button));
        return element("li", {}, button);
      }),
    );
  }

  toggle(label, index, button) {
    const show = this.hidden.delete(label);
    if (!show) {
      this.hidden.add(label);
    }
    button.setAttribute("aria-pressed", String(show));
    this.plot.setSeries(index + 1, { show });
  }

  /** Updates the values in the legend and the description: those under the cursor, or the newest. */
  showValues() {
    const index = this.plot?.cursor.idx ?? null;
    const at = index ?? drawn.length - 1;
    this.lines.forEach((line, i) => setText(this.values[i], this.options.format(newest(line.values, at))));
    if (index === null) {
      const values = this.lines.map((line) => `${line.label} ${this.options.format(newest(line.values, at))}`);
      const marked = this.options.marked && marks.length > 0 ? `; ${marks.length} drifts marked` : "";
      this.canvas.setAttribute(
        "aria-label",
        `${this.options.name} up to ${count(drawn.columns.examples[at])} examples: ${values.join(", ")}${marked}`,
      );
    }
    if (this.details.open) {
      this.fillTable();
    }
  }

  fillTable() {
    if (!this.details.open || drawn === null) {
      return;
    }
    const rows = Math.min(TABLE_ROWS, drawn.length);
    const picked = Array.from({ length: rows }, (_, i) =>
      rows === 1 ? 0 : Math.round((i * (drawn.length - 1)) / (rows - 1)));
    this.table.replaceChildren(
      element("table", {},
        element("thead", {}, element("tr", {},
          element("th", { scope: "col" }, "Examples"),
          element("th", { scope: "col" }, "Time"),
          ...this.lines.map((line) => element("th", { scope: "col" }, line.label)))),
        element("tbody", {}, ...picked.reverse().map((at) => element("tr", {},
          element("th", { scope: "row" }, count(drawn.columns.examples[at])),
          element("td", {}, time(drawn.columns.emittedAt[at])),
          ...this.lines.map((line) => element("td", {}, this.options.format(line.values[at]))))))),
    );
  }

  /** Shades the range between the estimated start of a drift and its detection. */
  markRanges(plot) {
    if (!this.options.marked) {
      return;
    }
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.fillStyle = colour("--drift-area");
    for (const mark of marks) {
      const left = Math.max(bbox.left, plot.valToPos(place(mark.from), "x", true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(place(mark.at), "x", true));
      if (right > left) {
        ctx.fillRect(left, bbox.top, right - left, bbox.height);
      }
    }
    ctx.restore();
  }

  markDrifts(plot) {
    if (!this.options.marked) {
      return;
    }
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    let marked = 0;
    let labelled = -Infinity;
    ctx.save();
    ctx.font = `600 ${11 * ratio}px ${FONT}`;
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    ctx.lineWidth = 1.5 * ratio;
    ctx.strokeStyle = colour("--drift");
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    for (const mark of marks) {
      const x = Math.round(plot.valToPos(place(mark.at), "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) {
        continue;
      }
      marked++;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      if (x - labelled > LABEL_GAP * ratio) {
        labelled = x;
        const width = ctx.measureText(mark.label).width + 8 * ratio;
        const left = Math.min(x, bbox.left + bbox.width - width);
        ctx.fillStyle = colour("--drift");
        ctx.fillRect(left, bbox.top, width, 17 * ratio);
        ctx.fillStyle = colour("--on-drift");
        ctx.fillText(mark.label, left + 4 * ratio, bbox.top + 3.5 * ratio);
      }
    }
    ctx.restore();
    this.box.dataset.marks = String(marked);
  }

  select(plot) {
    const { left, width } = plot.select;
    if (width > 4) {
      const range = { min: plot.posToVal(left, "x"), max: plot.posToVal(left + width, "x") };
      plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      setRange(range);
    }
  }

  key(event) {
    if (this.plot === null || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const { min, max } = this.plot.scales.x;
    const xs = this.plot.data[0];
    const whole = { min: xs[0], max: xs[xs.length - 1] };
    const span = max - min;
    const to = (newMin, newMax) =>
      setRange({ min: Math.max(whole.min, newMin), max: Math.min(whole.max, newMax) });
    const keys = {
      "+": () => to(min + span / 4, max - span / 4),
      "=": () => to(min + span / 4, max - span / 4),
      "-": () => (span >= whole.max - whole.min ? setRange(null) : to(min - span / 2, max + span / 2)),
      0: () => setRange(null),
      Escape: () => setRange(null),
      ArrowLeft: () => to(Math.max(whole.min, min - span / 4), Math.max(whole.min + span, max - span / 4)),
      ArrowRight: () => to(Math.min(whole.max - span, min + span / 4), Math.min(whole.max, max + span / 4)),
    };
    const action = keys[event.key];
    if (action !== undefined) {
      event.preventDefault();
      action();
    }
  }

  resize() {
    const width = this.box.clientWidth;
    if (this.plot !== null && width > 0 && width !== this.plot.width) {
      this.plot.setSize({ width, height: HEIGHT });
    }
  }
}

/** Returns the stops of a repeating gradient that looks like a dashed line. */
function dashes(lengths) {
  let from = 0;
  return lengths.map((length, i) => {
    const stop = `${i % 2 === 0 ? "var(--key)" : "transparent"} ${from}px ${from + length}px`;
    from += length;
    return stop;
  }).join(", ");
}

/** Returns the last defined value up to an index. */
function newest(values, at) {
  for (let i = at; i >= 0; i--) {
    if (values[i] !== null && values[i] !== undefined) {
      return values[i];
    }
  }
  return null;
}
