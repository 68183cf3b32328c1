/** The paths of all files below a folder, sorted, relative to `root`. */
export function filesBelow(root: string, folder: string): string[];
/** SHA-256 over names and contents of all sources, hex. */
export function digestOfSources(root: string): string;
/** Whether `dist/` was made from the sources as they stand. */
export function isBuilt(root: string): boolean;
export function writeBuildStamp(root: string, digest: string): void;
export function removeBuildStamp(root: string): void;
