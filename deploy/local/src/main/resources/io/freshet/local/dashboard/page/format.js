// Formatting of numbers and times.

export const NONE = "–";

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

function defined(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** 12,345 */
export function count(value) {
  return defined(value) ? whole.format(value) : NONE;
}

/** 12.3k */
export function compact(value) {
  return defined(value) ? short.format(value).toLowerCase().replace("m", "M") : NONE;
}

/** 0.1234 */
export function figure(value, digits = 4) {
  return defined(value) ? value.toFixed(digits) : NONE;
}

/** 83.1 % */
export function percent(value, digits = 1) {
  return defined(value) ? `${(value * 100).toFixed(digits)} %` : NONE;
}

/** Two significant digits, with an exponent only for very small values. */
export function rate(value) {
  if (!defined(value)) {
    return NONE;
  }
  const text = Number(value.toPrecision(2));
  return Math.abs(text) >= 1e-4 || text === 0 ? String(text) : text.toExponential();
}

/** A statistic of any size. */
export function statistic(value) {
  if (!defined(value)) {
    return NONE;
  }
  return Math.abs(value) >= 1000 ? count(value) : String(Number(value.toPrecision(3)));
}

/** 340 ms, 12.3 s, 5 min, 3 h, 2 d */
export function duration(millis) {
  if (!defined(millis)) {
    return NONE;
  }
  const size = Math.abs(millis);
  if (size < 1000) {
    return `${Math.round(millis)} ms`;
  }
  if (size < 120_000) {
    return `${(millis / 1000).toFixed(size < 10_000 ? 1 : 0)} s`;
  }
  if (size < 7_200_000) {
    return `${Math.round(millis / 60_000)} min`;
  }
  if (size < 172_800_000) {
    return `${Math.round(millis / 3_600_000)} h`;
  }
  return `${count(Math.round(millis / 86_400_000))} d`;
}

/** 14:05:09, with the day if it is not today. */
export function time(millis) {
  if (!defined(millis)) {
    return NONE;
  }
  const date = new Date(millis);
  const today = new Date().toDateString() === date.toDateString();
  return (today ? clock : dayAndClock).format(date);
}

const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** A tick of a time axis, by the distance of the ticks: 14:05:30, 14:05 or 25 Nov. */
export function tickTime(millis, apart) {
  if (apart < 60_000) {
    return clock.format(millis);
  }
  return (apart < 86_400_000 ? minutes : days).format(millis);
}

/** 1 drift, 2 drifts */
export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
