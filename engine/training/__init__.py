"""The workshop of the answering machine detector: call openings are made here, models fitted, errors
counted.
"""
