//! The file source against real files, as a library: real directories, real threads, a sink that notes what it gets. Tests
//! are named by the table of file tailing (T-1 …) that they hold the source to.

mod bench;
mod gzip;
mod identity;
mod joins;
mod lines;
mod model;
mod restart;
mod rotation;
mod trouble;
