// Numbers that are known only in the browser, as tbtools/render/format.py writes them.

const THOUSANDS = new Intl.NumberFormat("en-US");

export function formatCount(count) {
  return THOUSANDS.format(count);
}

// Powers of ten from which on numbers have exponents: all, and rounded ones.
const EXPONENTS = 16;
const ROUNDED_EXPONENTS = 7;

// The shortest decimal that reads back, with exponents where Python has them.
export function formatNumber(value, exponents = EXPONENTS) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const [digits, power] = value.toExponential().split("e");
  if (power >= -4 && power < exponents) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

export function formatRounded(value, digits = 5) {
  if (!Number.isFinite(value)) return formatNumber(value);
  const size = Math.abs(value);
  const places = Math.max(0, digits - 1 - value.toExponential().split("e")[1]);
  const rounded = Number(
    size >= 1e-4 && size < 10 ** ROUNDED_EXPONENTS ? value.toFixed(places) : value.toPrecision(digits),
  );
  return formatNumber(Number.isFinite(rounded) ? rounded : value, ROUNDED_EXPONENTS);
}

/** @type {[string, number, string, number][]} */
const PAIRS_OF_UNITS = [
  ["d", 86400, "h", 3600],
  ["h", 3600, "min", 60],
  ["min", 60, "s", 1],
];

// A duration in its two greatest units.
export function formatDuration(seconds) {
  if (!Number.isFinite(seconds)) return "-";
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds >= 1e12) return "over 30,000 years";
  const tenths = Math.floor(seconds * 10 + 0.5);
  if (tenths < 100) return `${Math.floor(tenths / 10)}.${tenths % 10} s`;
  const whole = Math.floor(seconds + 0.5);
  for (const [name, size, smallerName, smaller] of PAIRS_OF_UNITS) {
    if (whole < size) continue;
    const part = Math.floor((whole % size) / smaller);
    const count = `${Math.floor(whole / size)} ${name}`;
    return part ? `${count} ${part} ${smallerName}` : count;
  }
  return `${whole} s`;
}
