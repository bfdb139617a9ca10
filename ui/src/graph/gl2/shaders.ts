/** The shaders of the WebGL2 back end. They draw the same shapes as `raster/`, by the same distances. */

const SCREEN = `#version 300 es
precision highp float;
uniform vec2 u_size;
vec4 place(vec2 p) { return vec4(p.x / u_size.x * 2.0 - 1.0, 1.0 - p.y / u_size.y * 2.0, 0.0, 1.0); }
vec2 corner() { return vec2(gl_VertexID & 1, (gl_VertexID >> 1) & 1); }
`;

const TOOLS = `#version 300 es
precision highp float;
float inside(float d) { return clamp(0.5 - d, 0.0, 1.0); }
uniform vec2 u_hatch; // step and width of a stroke
float hatched(vec2 p) {
  float t = mod(floor(p.x) + floor(p.y) + 1.0, u_hatch.x);
  return clamp(u_hatch.y / 2.0 + 0.5 - min(t, u_hatch.x - t) * 0.70710678, 0.0, 1.0);
}
`;

/** Boxes: one instance each, as `plot/rects.ts` lays their words. */
export const RECTS = {
  vertex: `${SCREEN}
in vec4 a_box;
in vec4 a_edge;
in vec4 a_fill;
in vec4 a_line;
in uint a_style;
out vec2 v_at;
flat out vec4 v_box;
flat out vec4 v_edge;
flat out vec4 v_fill;
flat out vec4 v_line;
flat out uint v_style;
void main() {
  v_at = mix(a_box.xy, a_box.zw, corner());
  v_box = a_box;
  v_edge = a_edge;
  v_fill = a_fill;
  v_line = a_line;
  v_style = a_style;
  gl_Position = place(v_at);
}`,
  fragment: `${TOOLS}
in vec2 v_at;
flat in vec4 v_box;
flat in vec4 v_edge;
flat in vec4 v_fill;
flat in vec4 v_line;
flat in uint v_style;
uniform sampler2D u_heat;
uniform vec2 u_half;
uniform bool u_screen;
out vec4 colour;
void main() {
  vec2 extent = (v_box.zw - v_box.xy) / 2.0;
  float radius = min(v_edge.x, min(extent.x, extent.y));
  vec2 q = abs(v_at - v_box.xy - extent) - extent + radius;
  float d = (q.x > 0.0 && q.y > 0.0 ? length(q) : max(q.x, q.y)) - radius;
  if (v_edge.z > 0.0) d = max(d, (v_at.x - v_box.z - (v_at.y - v_box.y) + v_edge.z) * 0.70710678);
  float outer = inside(d);
  float strength = float(v_style >> 24) / 255.0;
  float fill = v_fill.a * strength * outer;
  if ((v_style & 2u) != 0u) fill *= hatched(v_at);
  float line = v_edge.y > 0.0 ? v_line.a * strength * (outer - inside(d + v_edge.y)) : 0.0;
  if (v_edge.w > 0.0) {
    vec2 along = floor(v_at - v_box.xy);
    if (mod(q.x > q.y ? along.y : along.x, v_edge.w * 1.75) >= v_edge.w) line = 0.0;
  }
  float all = 1.0 - (1.0 - fill) * (1.0 - line);
  if (all <= 0.0) discard;
  vec3 c = (v_fill.rgb * fill * (1.0 - line) + v_line.rgb * line) / all;
  if ((v_style & 1u) != 0u) {
    vec3 through = texture(u_heat, vec2(v_at.x, 2.0 * u_half.y - v_at.y) / (2.0 * u_half)).rgb;
    c = u_screen ? 1.0 - (1.0 - c) * through : c * through;
  }
  colour = vec4(c, all);
}`,
};

/** Streets: one instance a piece, as `plot/lines.ts` lays their words. */
export const LINES = {
  vertex: `${SCREEN}
in vec4 a_piece;
in vec2 a_rest;
in vec4 a_colour;
in uint a_kind;
out vec2 v_at;
flat out vec4 v_piece;
flat out vec2 v_rest;
flat out vec4 v_colour;
flat out uint v_kind;
void main() {
  uint kind = a_kind & 255u;
  vec2 low;
  vec2 high;
  if (kind == 0u) {
    low = min(a_piece.xy, a_piece.zw) - a_rest.x - 1.0;
    high = max(a_piece.xy, a_piece.zw) + a_rest.x + 1.0;
  } else if (kind == 1u) {
    vec2 reach = vec2(a_piece.w, a_rest.x) * (a_piece.z + a_rest.y + 1.0);
    low = min(a_piece.xy, a_piece.xy + reach);
    high = max(a_piece.xy, a_piece.xy + reach);
  } else {
    low = a_piece.xy - a_rest.x - a_rest.y - 1.0;
    high = a_piece.xy + a_rest.x + a_rest.y + 1.0;
  }
  v_at = mix(floor(low), ceil(high), corner());
  v_piece = a_piece;
  v_rest = a_rest;
  v_colour = a_colour;
  v_kind = a_kind;
  gl_Position = place(v_at);
}`,
  fragment: `${TOOLS}
in vec2 v_at;
flat in vec4 v_piece;
flat in vec2 v_rest;
flat in vec4 v_colour;
flat in uint v_kind;
out vec4 colour;
float side(vec2 a, vec2 b) { vec2 e = b - a; return ((v_at.x - a.x) * e.y - (v_at.y - a.y) * e.x) / max(length(e), 1e-4); }
void main() {
  uint kind = v_kind & 255u;
  float part;
  if (kind == 0u) {
    vec2 way = v_piece.zw - v_piece.xy;
    float reach = length(way);
    vec2 u = way / max(reach, 1e-4);
    vec2 from = v_at - v_piece.xy;
    float t = dot(from, u);
    float half_ = v_rest.x;
    part = reach < 0.01 || t < 0.0 || t > reach ? 0.0 : min(min(1.0, 2.0 * half_), half_ + 0.5 - abs(from.x * u.y - from.y * u.x));
  } else if (kind == 1u) {
    float half_ = v_rest.y;
    part = min(min(1.0, 2.0 * half_), 0.5 - (abs(distance(v_at, v_piece.xy) - v_piece.z) - half_));
  } else {
    vec2 u = v_piece.zw;
    vec2 back = v_piece.xy - u * v_rest.x;
    vec2 n = vec2(-u.y, u.x) * v_rest.y;
    vec2 a = back + n;
    vec2 b = back - n;
    float turn = (a.x - v_piece.x) * (b.y - v_piece.y) - (b.x - v_piece.x) * (a.y - v_piece.y);
    float s = turn < 0.0 ? -1.0 : 1.0;
    part = inside(max(s * side(v_piece.xy, a), max(s * side(a, b), s * side(b, v_piece.xy))));
  }
  float all = clamp(part, 0.0, 1.0) * float(v_kind >> 24) / 255.0;
  if (all <= 0.0) discard;
  colour = vec4(v_colour.rgb, all);
}`,
};

/** Glows at half the resolution: what each lets through is multiplied in. */
export const GLOWS = {
  vertex: `${SCREEN}
in vec4 a_glow;
in float a_strength;
out vec2 v_off;
flat out float v_strength;
void main() {
  v_off = corner() * 2.0 - 1.0;
  v_strength = a_strength;
  gl_Position = place(a_glow.xy + v_off * a_glow.zw);
}`,
  fragment: `${TOOLS}
in vec2 v_off;
flat in float v_strength;
uniform vec4 u_stops[4];
uniform vec4 u_at;
uniform bool u_screen;
out vec4 colour;
void main() {
  float t = length(v_off);
  if (t >= 1.0) discard;
  vec4 c = t < u_at.y ? mix(u_stops[0], u_stops[1], t / u_at.y)
    : t < u_at.z ? mix(u_stops[1], u_stops[2], (t - u_at.y) / (u_at.z - u_at.y))
    : mix(u_stops[2], u_stops[3], (t - u_at.z) / (u_at.w - u_at.z));
  colour = vec4(1.0 - v_strength * c.a * (u_screen ? c.rgb : 1.0 - c.rgb), 1.0);
}`,
};

/** What a cell says, in one number: health, contained 8, twice as large at least 16, faint 32. */
export const CELL_BITS = { contained: 8, grown: 16, faint: 32 } as const;

/** Cells far away: one point each, in one colour. */
export const POINTS = {
  vertex: `${SCREEN}
in vec2 a_cell;
in uint a_state;
uniform vec3 u_view; // left, top, device pixels per unit
uniform float u_edge;
uniform vec4 u_flat[8];
flat out vec4 v_colour;
void main() {
  float edge = (a_state & 16u) != 0u ? max(2.0, u_edge) : u_edge;
  vec2 p = floor((a_cell - u_view.xy) * u_view.z + 0.5) + edge / 2.0;
  gl_Position = place(p);
  gl_PointSize = edge;
  uint slot = (a_state & 8u) != 0u ? 7u : a_state & 7u;
  v_colour = vec4(u_flat[slot].rgb, (a_state & 32u) != 0u ? 0.21875 : 1.0);
}`,
  fragment: `#version 300 es
precision mediump float;
flat in vec4 v_colour;
out vec4 colour;
void main() { colour = v_colour; }`,
};

/** Cells near: windows with the shape of their state, as `raster/windows.ts` draws them. */
export const WINDOWS = {
  vertex: `${SCREEN}
in vec2 a_cell;
in uint a_state;
uniform vec3 u_view;
uniform float u_edge;
out vec2 v_at;
flat out uint v_state;
void main() {
  v_at = corner() * u_edge;
  v_state = a_state;
  gl_Position = place(floor((a_cell - u_view.xy) * u_view.z + 0.5) + v_at);
}`,
  fragment: `${TOOLS}
in vec2 v_at;
flat in uint v_state;
uniform float u_edge;
uniform float u_ratio;
uniform vec4 u_flat[8];
uniform vec4 u_cross;
uniform vec4 u_wash;
out vec4 colour;
float square() { vec2 q = abs(v_at - u_edge / 2.0); return max(q.x, q.y) - u_edge / 2.0; }
float frame(float width) { float d = square(); return inside(d) - inside(d + width); }
float side(vec2 a, vec2 b) { vec2 e = b - a; return ((v_at.x - a.x) * e.y - (v_at.y - a.y) * e.x) / length(e); }
vec4 lay(vec4 under, vec4 over, float part) {
  float p = over.a * clamp(part, 0.0, 1.0);
  float all = p + under.a * (1.0 - p);
  return all <= 0.0 ? vec4(0.0) : vec4((over.rgb * p + under.rgb * under.a * (1.0 - p)) / all, all);
}
float crossed(float c, float k) {
  float across = (v_at.x + v_at.y - c) * 0.70710678;
  float down = (v_at.x - v_at.y) * 0.70710678;
  float reach = 2.0 * k * 1.41421356;
  float one = max(abs(down) - 0.65 * k, abs(across) - reach);
  float other = max(abs(across) - 0.65 * k, abs(down) - reach);
  return max(inside(one), inside(other));
}
float lower(float c) {
  vec2 a = vec2(0.0, c);
  vec2 b = vec2(0.0, 0.15 * c);
  vec2 e = vec2(0.85 * c, c);
  return inside(max(side(a, b), max(side(b, e), side(e, a))));
}
void main() {
  float c = u_edge;
  float k = c / 8.0;
  uint health = v_state & 7u;
  vec4 own = u_flat[health];
  vec4 s = vec4(0.0);
  if ((v_state & 8u) != 0u) {
    float wall = max(square(), (v_at.x - c - v_at.y + 3.0 * k) * 0.70710678);
    float room = inside(wall);
    s = lay(s, health == 2u || health == 6u ? own : u_wash, room);
    vec2 q = abs(v_at - c / 2.0);
    if (health == 6u) s = lay(s, u_cross, crossed(c, k));
    else if (health == 5u) s = lay(s, own, lower(c));
    else if (health == 3u) s = lay(s, own, inside(max(q.x, q.y) - k));
    else if (health == 0u || health == 4u) s = lay(s, own, min(room, hatched(v_at)));
    s = lay(s, u_flat[7], inside(wall) - inside(wall + 1.6 * u_ratio));
  } else if (health == 6u) {
    s = lay(lay(s, own, 1.0), u_cross, crossed(c, k));
  } else if (health == 5u) {
    s = lay(s, own, frame(1.2 * u_ratio));
    s = lay(s, own, lower(c));
  } else if (health == 3u) {
    vec2 q = abs(v_at - c / 2.0);
    float along = q.x > q.y ? v_at.y : v_at.x;
    s = lay(s, own, mod(along, 3.4 * k) < 2.0 * k ? frame(1.2 * u_ratio) : 0.0);
  } else if (health == 1u) {
    s = lay(s, own, frame(u_ratio));
  } else if (health == 2u) {
    s = own;
  } else {
    s = lay(lay(s, own, hatched(v_at)), own, frame(u_ratio));
  }
  if (s.a <= 0.0) discard;
  colour = vec4(s.rgb, s.a * ((v_state & 32u) != 0u ? 0.21875 : 1.0));
}`,
};
