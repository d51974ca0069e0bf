// Numbers and names as a person reads them.

const THOUSANDS = new Intl.NumberFormat("en-US");

function formatCount(count) {
  return THOUSANDS.format(count);
}

function grouped(value) {
  return Math.abs(value) < 1e4 ? String(value) : THOUSANDS.format(value);
}

// Up to `digits` significant digits, exponents only where they save the reader from counting zeros.
function formatNumber(value, digits = 5) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return THOUSANDS.format(value).replace("-", "−");
  const text =
    size >= 1e6 || size < 1e-4
      ? value
          .toExponential(digits - 1)
          .replace(/\.?0+e/, "e")
          .replace("e+", "e")
      : grouped(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

function formatBytes(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 999.5 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${unit ? Number(bytes.toPrecision(3)) : bytes} ${units[unit]}`;
}

function formatDuration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `−${formatDuration(-seconds)}`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  for (const [name, size, smallerName, smaller] of [
    ["d", 86400, "h", 3600],
    ["h", 3600, "min", 60],
    ["min", 60, "s", 1],
  ]) {
    if (whole < size) continue;
    const part = Math.floor((whole % size) / smaller);
    const count = Math.floor(whole / size);
    return part ? `${count} ${name} ${part} ${smallerName}` : `${count} ${name}`;
  }
  return `${whole} s`;
}

// In UTC: the page travels, and the reader's zone is not that of the machine.
function formatTime(seconds) {
  const date = new Date(seconds * 1000);
  if (seconds === null || Number.isNaN(date.getTime())) return "–";
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function plural(count, thing, things = `${thing}s`) {
  return `${formatCount(count)} ${count === 1 ? thing : things}`;
}
