//! Everything that a judge looks at.

use std::ops::Deref;

use implicit_bias_record::Series;

use crate::kou::context::ClaimContext;
use crate::kou::outlook::Outlook;
use crate::kou::tables::Tables;

/// A run's tables, and what its limit program says of where it goes on.
pub(crate) struct Evidence<'a> {
    tables: Tables<'a>,
    /// What is known of where the run goes on.
    pub outlook: Outlook<'a>,
}

impl<'a> Evidence<'a> {
    pub fn new(series: &'a Series, margins: &'a Series, context: &'a ClaimContext) -> Self {
        let tables = Tables::new(series, margins, context);
        let outlook = Outlook::of(&tables);
        Self { tables, outlook }
    }
}

impl<'a> Deref for Evidence<'a> {
    type Target = Tables<'a>;

    fn deref(&self) -> &Self::Target {
        &self.tables
    }
}
