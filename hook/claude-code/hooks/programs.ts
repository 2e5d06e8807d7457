// The programs with their arguments, as they are found on the `PATH`. `muzzle-persona install` writes
// this file with the paths of the programs beside it.
export const INJECT: readonly string[] = ["persona-inject"];
export const RELEASE: readonly string[] = ["persona-release"];
export const PERSONA: readonly string[] = ["muzzle-persona"];
