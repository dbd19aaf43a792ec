"""Tables, figures and words of single pages of the report; nothing else imports them."""
