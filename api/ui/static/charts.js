// Draws each chart of the page from the JSON beside it, in the colours of the theme. The table under it says the same.

const script = document.getElementById("charts-script");
const { default: uPlot } = await import(script.dataset.uplot);
const ZONE = "America/Sao_Paulo";
const DAY_SECONDS = 86_400;
const HEIGHT = 220;
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 2], [1, 3]];
const drawn = new Map();

const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const width = Math.floor(contentRect.width);
    const plot = drawn.get(target);
    if (plot && width && plot.width !== width) plot.setSize({ width, height: HEIGHT });
  }
});

drawAll();
for (const place of document.querySelectorAll("[data-chart]")) resized.observe(place);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });

function drawAll() {
  for (const place of document.querySelectorAll("[data-chart]")) draw(place);
}

function draw(place) {
  drawn.get(place)?.destroy();
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const labels = [...place.closest("figure").querySelectorAll("[data-line]")].map((one) => one.textContent);
  const options = {
    width: Math.floor(place.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 24, 0, 0],
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.05 : 1] } },
    series: [{}, ...data.lines.map((values, at) => line(labels[at], at, values))],
    axes: [axis({ values: times(data) }), axis({ size: 64, values: numbers(data) })],
  };
  drawn.set(place, new uPlot(options, [data.starts, ...data.lines], place));
}

function line(label, at, values) {
  // A point alone between gaps would not be seen as a line.
  const isSparse = values.filter((value) => value !== null).length < 60;
  return { label, stroke: token(`--series-${at + 1}`), width: 2, dash: DASHES[at], points: { show: isSparse, size: 5 } };
}

function axis(own) {
  const grid = { stroke: token("--line"), width: 1 };
  return { stroke: token("--ink-soft"), font: "12px system-ui, sans-serif", grid, ticks: grid, ...own };
}

function times({ starts, language }) {
  const span = starts.at(-1) - starts[0];
  const shape = span <= 2 * DAY_SECONDS ? { hour: "2-digit", minute: "2-digit" } : { day: "2-digit", month: "2-digit" };
  const format = new Intl.DateTimeFormat(language, { timeZone: ZONE, hourCycle: "h23", ...shape });
  return (_plot, splits) => splits.map((at) => format.format(at * 1000));
}

function numbers({ unit, language }) {
  const shape = unit === "ratio" ? { style: "percent" } : { notation: "compact" };
  const format = new Intl.NumberFormat(language, shape);
  return (_plot, splits) => splits.map((value) => format.format(value) + (unit === "seconds" ? " s" : ""));
}

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
