"""An open AI data-management platform for marketing, built as one graph of data assets."""
