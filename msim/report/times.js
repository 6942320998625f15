// Times in s as people say them, and ticks for an axis of time at any zoom, from 0.1 ms to years.
const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1], ["ms", 1e-3]];
const FINE = [
  1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200,
  1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 259200, 604800, 1209600, 2592000, 7776000, 15552000, 31536000,
];
const COARSE = [
  1e-4, 1e-3, 1e-2, 0.1, 1, 10, 60, 600, 3600, 21600, 86400, 604800, 2592000, 15552000, 157680000,
];
const COARSEST = [1e-4, 1e-2, 1, 60, 3600, 86400, 2592000, 31536000];
const LARGEST = {s: 60, ms: 1};  // s, from which a unit is left to the next larger one
const MOST = 8;

// '1.5 h' where one digit is enough, else '2 h 1 min'.
function named(time) {
  if (Math.abs(time) < 5e-8) return "0 min";
  const sign = time < 0 ? "\u2212" : "", size = Math.abs(time);
  for (const [unit, seconds] of UNITS) {
    const tenths = size / seconds * 10;
    if (tenths >= 10 - 1e-6 && size < (LARGEST[unit] ?? Infinity) && Math.abs(tenths - Math.round(tenths)) < 1e-5 * Math.max(1, tenths))
      return `${sign}${Number((Math.round(tenths) / 10).toPrecision(6))} ${unit}`;
  }
  if (size < 1e-3) return `${sign}${Number((size * 1e3).toPrecision(2))} ms`;
  const parts = [];
  let left = size;
  for (const [unit, seconds] of UNITS) {
    const last = unit === "ms" || parts.length === 2;
    const count = last ? Math.round(left / seconds) : Math.floor(left / seconds + 1e-9);
    if (count > 0) parts.push(`${count} ${unit}`);
    left -= count * seconds;
    if (parts.length === 3 || left < 5e-5) break;
  }
  return sign + parts.join(" ");
}

function evenSteps(start, end) {
  const span = end - start;
  const step = FINE.find((one) => span / one <= 5) ?? span / 5;
  const ticks = [];
  for (let count = Math.ceil(start / step - 1e-9); count * step <= end + step * 1e-9; count++) ticks.push(count * step);
  return ticks;
}

// Named times where the axis spans several of them, even steps within one.
function ticksOf(start, end, isLog) {
  if (!isLog) return evenSteps(start, end);
  for (const known of [FINE, COARSE, COARSEST]) {
    const inside = known.filter((one) => one >= start * 0.9999 && one <= end * 1.0001);
    if (known === FINE && inside.length < 3) return evenSteps(start, end);
    if (inside.length <= MOST) return inside;
  }
  return COARSEST.filter((one) => one >= start && one <= end);
}

// Even steps are told in one unit: '60 min', '70 min'.
function evenlyNamed(time, ticks) {
  const step = ticks[1] - ticks[0];
  if (ticks.length < 3 || Math.abs(ticks[2] - ticks[1] - step) > 1e-6 * step) return null;
  const isRound = (count) => Math.abs(count * 10 - Math.round(count * 10)) < 1e-5;
  const found = UNITS.find(([, seconds]) => step / seconds > 0.099 && ticks.every((one) => isRound(one / seconds)));
  if (!found) return null;
  const count = Math.round(time / found[1] * 10) / 10;
  return `${count < 0 ? "\u2212" : ""}${Math.abs(count)} ${found[0]}`;
}

// Far into a run, ticks that lie close together count from the last round time before them.
function tickText(time, ticks) {
  const span = ticks[ticks.length - 1] - ticks[0];
  if (ticks.length < 2 || Math.abs(ticks[0]) < 20 * span) return evenlyNamed(time, ticks) ?? named(time);
  const [, unit] = [...UNITS].reverse().find(([, seconds]) => seconds >= span) ?? UNITS[0];
  const base = Math.floor(ticks[0] / unit + 1e-9) * unit, past = time - base;
  if (Math.abs(past) < 5e-8) return named(base);
  return time === ticks[0] ? `${named(base)} + ${named(past)}` : `+ ${named(past)}`;
}
