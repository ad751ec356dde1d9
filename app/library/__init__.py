"""资料库: long texts that staff search (policy files, summaries of talks, notes), beside the items in force."""
