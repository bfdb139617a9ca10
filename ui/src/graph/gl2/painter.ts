/**
 * The WebGL2 back end: one call for the heat at half the resolution, one for boxes, one for streets, one for cells.
 *
 * Its canvas lies under the one that carries the words. Nothing of it says how fast it is: WebKitGTK names an "Apple GPU"
 * where a software rasteriser works, so only measured frames decide whether it is used.
 */
import { type Hit, NOTHING } from "../find";
import { drawOverlay } from "../overlay/overlay";
import type { Frame, LeftOut, Painter } from "../painter";
import { cellOf, coloursOf, type Palette } from "../palette";
import { GLOW_STOPS, GLOW_WORDS } from "../plot/glows";
import { LINE_WORDS } from "../plot/lines";
import { Plot, plotFrame } from "../plot/plot";
import { RECT_WORDS, Rects, Style } from "../plot/rects";
import { pickOf } from "../raster/painter";
import { hatchStep, hatchWidth } from "../raster/surface";
import type { Health, Scene } from "../scene";
import type { Size } from "../viewport";
import { CELL_BYTES, CellColumns } from "./cells";
import { Instances, Program } from "./program";
import { GLOWS, LINES, POINTS, RECTS, WINDOWS } from "./shaders";

/** The parts that live in the context and die with it. */
class Stage {
  readonly rects: Program;
  readonly lines: Program;
  readonly glows: Program;
  readonly points: Program;
  readonly windows: Program;
  readonly boxes: Instances;
  readonly pieces: Instances;
  readonly lights: Instances;
  readonly far: Instances;
  readonly near: Instances;
  readonly heat: WebGLTexture;
  readonly target: WebGLFramebuffer;

  constructor(gl: WebGL2RenderingContext) {
    this.rects = new Program(gl, RECTS, ["a_box", "a_edge", "a_fill", "a_line", "a_style"]);
    this.lines = new Program(gl, LINES, ["a_piece", "a_rest", "a_colour", "a_kind"]);
    this.glows = new Program(gl, GLOWS, ["a_glow", "a_strength"]);
    this.points = new Program(gl, POINTS, ["a_cell", "a_state"]);
    this.windows = new Program(gl, WINDOWS, ["a_cell", "a_state"]);
    const float = (size: number, offset: number) => ({ size, kind: "float", offset }) as const;
    const colour = (offset: number) => ({ size: 4, kind: "colour", offset }) as const;
    const uint = (offset: number) => ({ size: 1, kind: "uint", offset }) as const;
    this.boxes = new Instances(gl, [float(4, 0), float(4, 16), colour(32), colour(36), uint(40)], RECT_WORDS * 4, 1);
    this.pieces = new Instances(gl, [float(4, 0), float(2, 16), colour(24), uint(28)], LINE_WORDS * 4, 1);
    this.lights = new Instances(gl, [float(4, 0), float(1, 16)], GLOW_WORDS * 4, 1);
    this.far = new Instances(gl, [float(2, 0), uint(8)], CELL_BYTES, 0);
    this.near = new Instances(gl, [float(2, 0), uint(8)], CELL_BYTES, 1);
    this.heat = gl.createTexture();
    this.target = gl.createFramebuffer();
  }
}

export class Gl2Painter implements Painter {
  readonly name = "gl2";
  private readonly ground: HTMLCanvasElement;
  private readonly gl: WebGL2RenderingContext;
  private readonly ink: CanvasRenderingContext2D;
  private readonly stage: Stage;
  private readonly plot = new Plot();
  private readonly boxes = new Rects();
  private readonly columns = new CellColumns();
  private size: Size = { w: 0, h: 0 };
  private ratio = 1;
  private half = { w: 0, h: 0 };
  private frame: Frame | null = null;
  private held: { scene: Scene; keep: Uint8Array | null; count: number } | null = null;
  private lost = false;

  /** `onlost` is called once where the context is taken away. Throws where there is no WebGL2. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    onlost: () => void,
  ) {
    const ink = canvas.getContext("2d");
    if (!ink) throw new Error("no 2D canvas in this web view");
    this.ink = ink;
    this.ground = document.createElement("canvas");
    // Under the words, but after them in the page: whoever looks for the plan's canvas finds the one with the words.
    Object.assign(this.ground.style, { position: "absolute", inset: "0", width: "100%", height: "100%", zIndex: "-1", pointerEvents: "none" });
    this.ground.setAttribute("aria-hidden", "true");
    const gl = this.ground.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false, desynchronized: false, powerPreference: "high-performance" });
    if (!gl) throw new Error("no WebGL2 in this web view");
    this.gl = gl;
    this.stage = new Stage(gl);
    this.ground.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      if (this.lost) return;
      this.lost = true;
      onlost();
    });
    canvas.after(this.ground);
  }

  resize(size: Size, ratio: number): void {
    this.size = size;
    this.ratio = ratio;
    const width = Math.max(1, Math.round(size.w * ratio));
    const height = Math.max(1, Math.round(size.h * ratio));
    for (const canvas of [this.canvas, this.ground]) {
      if (canvas.width === width && canvas.height === height) continue;
      canvas.width = width;
      canvas.height = height;
    }
    const { gl, stage } = this;
    this.half = { w: (width + 1) >> 1, h: (height + 1) >> 1 };
    gl.bindTexture(gl.TEXTURE_2D, stage.heat);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, this.half.w, this.half.h, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]] as const) gl.texParameteri(gl.TEXTURE_2D, name, value);
    gl.bindFramebuffer(gl.FRAMEBUFFER, stage.target);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, stage.heat, 0);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  paint(frame: Frame): LeftOut {
    this.frame = frame;
    const { gl, plot } = this;
    plotFrame(plot, frame, this.size, this.ratio);
    if (!this.lost) {
      gl.enable(gl.BLEND);
      this.paintHeat(frame.palette);
      gl.viewport(0, 0, this.ground.width, this.ground.height);
      gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
      this.loadRects(frame.palette);
      this.paintRects(frame.palette, 0, plot.veil + 1);
      this.paintLines();
      if (plot.celled) this.paintCells(frame);
      if (plot.rects.count > plot.veil) this.paintRects(frame.palette, plot.veil + 1, plot.rects.count + 1);
    }
    this.ink.setTransform(1, 0, 0, 1, 0, 0);
    this.ink.clearRect(0, 0, this.canvas.width, this.canvas.height);
    drawOverlay(this.ink, frame, plot, this.size, this.ratio);
    return plot.left;
  }

  pick(x: number, y: number, slack: number): Hit {
    return this.frame ? pickOf(this.frame, 0, x, y, slack) : NOTHING;
  }

  finish(): void {
    if (!this.lost) this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  close(): void {
    this.lost = true;
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.ground.remove();
    this.frame = null;
    this.held = null;
  }

  private use(program: Program, width = this.ground.width, height = this.ground.height): void {
    const { gl } = this;
    gl.useProgram(program.program);
    gl.uniform2f(program.at("u_size"), width, height);
    gl.uniform2f(program.at("u_hatch"), hatchStep(this.ratio), hatchWidth(this.ratio));
  }

  private paintHeat(palette: Palette): void {
    const { gl, stage, plot } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, stage.target);
    gl.viewport(0, 0, this.half.w, this.half.h);
    gl.clearColor(1, 1, 1, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (plot.glowCount > 0) {
      // Two half pixels reach over the edge where the surface is odd.
      this.use(stage.glows, this.half.w * 2, this.half.h * 2);
      const c = coloursOf(palette);
      gl.uniform4fv(stage.glows.at("u_stops"), [c.heat3, c.heat2, c.heat1, c.heat0].flatMap(parts));
      gl.uniform4f(stage.glows.at("u_at"), ...GLOW_STOPS);
      gl.uniform1i(stage.glows.at("u_screen"), palette.heatBlend === "screen" ? 1 : 0);
      gl.blendFunc(gl.ZERO, gl.SRC_COLOR);
      stage.lights.fill(plot.glows, plot.glowCount * GLOW_WORDS * 4);
      gl.bindVertexArray(stage.lights.array);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, plot.glowCount);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /** The ground itself is the first box, so that heat shines on it too. */
  private loadRects(palette: Palette): void {
    const { boxes, plot } = this;
    boxes.clear();
    boxes.push(0, 0, this.ground.width, this.ground.height, { fill: coloursOf(palette).canvas, style: Style.Lit });
    boxes.append(plot.rects);
    this.stage.boxes.fill(boxes.u, boxes.count * RECT_WORDS * 4);
  }

  private paintRects(palette: Palette, from: number, to: number): void {
    const { gl, stage } = this;
    this.use(stage.rects);
    gl.uniform2f(stage.rects.at("u_half"), this.half.w, this.half.h);
    gl.uniform1i(stage.rects.at("u_screen"), palette.heatBlend === "screen" ? 1 : 0);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, stage.heat);
    gl.uniform1i(stage.rects.at("u_heat"), 0);
    gl.bindVertexArray(stage.boxes.array);
    if (from > 0) {
      // WebGL2 begins with the first instance always: what lies over everything is loaded alone.
      stage.boxes.fill(this.boxes.u.subarray(from * RECT_WORDS), (to - from) * RECT_WORDS * 4);
      gl.bindVertexArray(stage.boxes.array);
    }
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, to - from);
  }

  private paintLines(): void {
    const { gl, stage, plot } = this;
    if (plot.lines.count === 0) return;
    this.use(stage.lines);
    stage.pieces.fill(plot.lines.u, plot.lines.count * LINE_WORDS * 4);
    gl.bindVertexArray(stage.pieces.array);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, plot.lines.count);
  }

  private paintCells(frame: Frame): void {
    const { gl, stage, plot } = this;
    const { scene } = frame.drawn;
    const colours = coloursOf(frame.palette);
    const flat = [0, 1, 2, 3, 4, 5, 6].flatMap((h) => parts(cellOf(colours, h as Health)));
    const program = plot.shaped ? stage.windows : stage.points;
    this.use(program);
    gl.uniform3f(program.at("u_view"), frame.view.x, frame.view.y, frame.view.scale * this.ratio);
    gl.uniform1f(program.at("u_edge"), plot.edge);
    gl.uniform4fv(program.at("u_flat"), [...flat, ...parts(colours.contained)]);
    if (plot.shaped) {
      this.columns.near(frame, this.size.w, this.size.h);
      stage.near.fill(this.columns.data, this.columns.count * CELL_BYTES);
      gl.uniform1f(program.at("u_ratio"), this.ratio);
      gl.uniform4f(program.at("u_cross"), ...parts(colours.critInk));
      gl.uniform4f(program.at("u_wash"), ...parts(colours.containedWash));
      gl.bindVertexArray(stage.near.array);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.columns.count);
      return;
    }
    if (!this.held || this.held.scene !== scene || this.held.keep !== frame.keep) {
      this.columns.all(scene, frame.keep);
      stage.far.fill(this.columns.data, this.columns.count * CELL_BYTES);
      this.held = { scene, keep: frame.keep, count: this.columns.count };
    }
    gl.bindVertexArray(stage.far.array);
    gl.drawArrays(gl.POINTS, 0, this.held.count);
  }
}

/** A packed colour as four shares of 1. */
function parts(colour: number): [number, number, number, number] {
  return [(colour & 255) / 255, ((colour >>> 8) & 255) / 255, ((colour >>> 16) & 255) / 255, (colour >>> 24) / 255];
}
