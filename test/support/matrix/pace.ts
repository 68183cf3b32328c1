/** How fast the driver goes in the matrix: long enough for whatever works, and a module that hangs is waited for so long. */
export const pace = {
  pollMs: 50,
  settleMs: 400,
  deadlines: { list: 1500, read: 2500, login: 2500, sign: 2500, end: 1500 },
} as const;
