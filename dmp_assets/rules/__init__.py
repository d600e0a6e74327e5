"""One language of conditions for every file that people write rules in: load, check, compile to SQL, say in words, say why.

`files` reads a YAML file into a model, `conditions` has the models of conditions, `sql` compiles them, `words` says what they
ask for and why a row meets them or not. What a rule is for belongs to the domain that has the file.
"""
