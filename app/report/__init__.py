"""Weekly reports as people get them: HTML, Markdown, PDF; one order of parts for all of them."""
