/** Who takes over and for how long, as chosen; kept while one looks at other views. */
export const HOURS = ["4", "8", "12", "24"] as const;

export const next: { to: string; hours: (typeof HOURS)[number] } = $state({ to: "", hours: "8" });
