"""The questions for a practitioner who refers somebody, in the plain words in which the public is asked.

A list of tasks, which can be done in any order. Little is needed: who refers, what brings the person, whom it
is about, whether they were asked, how to reach them safely, and what is known of danger. Whatever a
practitioner does not know is left out and said to be unknown; a record with gaps is worth more than none.
"""
