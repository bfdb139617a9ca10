/** Small hands for WebGL2: programs, their places for values, and buffers that grow. */

export class Program {
  readonly program: WebGLProgram;
  private readonly places = new Map<string, WebGLUniformLocation | null>();

  /** Throws where the shaders are refused; the message is the driver's. */
  constructor(
    private readonly gl: WebGL2RenderingContext,
    source: { readonly vertex: string; readonly fragment: string },
    attributes: readonly string[],
  ) {
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, source.vertex], [gl.FRAGMENT_SHADER, source.fragment]] as const) {
      const shader = gl.createShader(kind);
      if (!shader) throw new Error("no shader in this web view");
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(gl.getShaderInfoLog(shader) ?? "a shader was refused");
      gl.deleteShader(shader);
    }
    attributes.forEach((name, i) => gl.bindAttribLocation(program, i, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program) ?? "a program was refused");
    this.program = program;
  }

  /** Where a uniform is set; null where the program does not read it. */
  at(name: string): WebGLUniformLocation | null {
    let place = this.places.get(name);
    if (place === undefined) {
      place = this.gl.getUniformLocation(this.program, name);
      this.places.set(name, place);
    }
    return place;
  }
}

/** One attribute of an instance: how many numbers of what kind, and where in its words. */
export interface Field {
  readonly size: number;
  readonly kind: "float" | "colour" | "uint" | "byte";
  readonly offset: number;
}

/** A buffer of instances with the array that names its fields. */
export class Instances {
  readonly array: WebGLVertexArrayObject;
  private readonly buffer: WebGLBuffer;
  private room = 0;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    fields: readonly Field[],
    stride: number,
    divisor: number,
  ) {
    this.array = gl.createVertexArray();
    this.buffer = gl.createBuffer();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    fields.forEach((field, i) => {
      gl.enableVertexAttribArray(i);
      if (field.kind === "uint") gl.vertexAttribIPointer(i, field.size, gl.UNSIGNED_INT, stride, field.offset);
      else if (field.kind === "byte") gl.vertexAttribIPointer(i, field.size, gl.UNSIGNED_BYTE, stride, field.offset);
      else gl.vertexAttribPointer(i, field.size, field.kind === "float" ? gl.FLOAT : gl.UNSIGNED_BYTE, field.kind === "colour", stride, field.offset);
      gl.vertexAttribDivisor(i, divisor);
    });
    gl.bindVertexArray(null);
  }

  /** Replaces what it holds by the first `bytes` of `data`. */
  fill(data: ArrayBufferView, bytes: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    if (bytes > this.room) {
      this.room = Math.max(4096, bytes * 1.5) & ~3;
      gl.bufferData(gl.ARRAY_BUFFER, this.room, gl.DYNAMIC_DRAW);
    }
    if (bytes > 0) gl.bufferSubData(gl.ARRAY_BUFFER, 0, new Uint8Array(data.buffer, data.byteOffset, bytes));
  }
}
