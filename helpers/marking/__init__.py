"""What answers are compared with: questions, recognised mistakes, and how a verdict is reached.

Never in a kernel in which submissions are graded.
"""
