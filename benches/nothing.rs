//! A process that does nothing: what starting and ending one costs here.

fn main() {}
