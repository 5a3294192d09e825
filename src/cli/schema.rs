//! `redactd schema WHAT`: the JSON Schema of what people write.

use clap::{Args, ValueEnum};

use super::report::{Exit, Failure};
use crate::daemon::config::schema;

/// Print the JSON Schema of a configuration, for editors
#[derive(Args)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum)]
    of: Of,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Of {
    /// The configuration of `redactd run`.
    Config,
}

/// Prints the schema.
pub fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let text = match args.of {
        Of::Config => schema::text_of_schema(),
    };
    super::print(&text, Exit::Done)
}
