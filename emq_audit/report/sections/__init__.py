"""The sections of the report, one module each: the report in, what it says out, or None without data.

Every title is a finding, never a topic. What is said here is said in every face; a face only places it.
"""
