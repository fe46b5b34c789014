/** Charts by vega and vega-lite. Expressions are interpreted, as the policy forbids `eval`. */

import { View, Warn, loader, parse, type Spec } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";
import type { DrawOrder } from "./drawing";

/** No data and no images from elsewhere. */
const nothing = loader();
nothing.load = () => Promise.reject(new Error("data has to stand in the document itself"));
nothing.sanitize = () => Promise.reject(new Error("addresses are not allowed"));

export async function draw({ kind, source, dark }: DrawOrder): Promise<string> {
  const spec: unknown = JSON.parse(source);
  const config = dark ? { background: "transparent", style: DARK_TEXT, axis: DARK_AXIS, legend: DARK_AXIS, title: { color: LIGHT } } : { background: "transparent" };
  const lite = kind === "vega-lite" || (isRecord(spec) && String(spec["$schema"] ?? "").includes("vega-lite"));
  const full = lite ? compile(spec as TopLevelSpec, { config }).spec : (spec as Spec);
  const view = new View(parse(full, lite ? undefined : config, { ast: true }), {
    expr: expressionInterpreter,
    loader: nothing,
    logLevel: Warn,
    renderer: "none",
  });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

const LIGHT = "#e3e7ec";
const DARK_TEXT = { "guide-label": { fill: LIGHT }, "guide-title": { fill: LIGHT } };
const DARK_AXIS = { labelColor: LIGHT, titleColor: LIGHT, domainColor: "#9aa5b1", tickColor: "#9aa5b1", gridColor: "#363c45" };

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
