"""How long it takes to find a student's numbers: python -m tests.benchmarks.draws"""

import time

import numpy as np

from helpers.personal import draws

STUDENTS = 30


def main():
    tried, seconds = [], []
    for i in range(STUDENTS):
        start = time.perf_counter()
        numbers = draws.draw("a secret of the benchmark", f"student {i}")
        seconds.append(time.perf_counter() - start)
        attempts = (
            draws.candidate("a secret of the benchmark", f"student {i}", n)
            for n in range(draws.MAX_DRAWS)
        )
        tried.append(next(n for n, drawn in enumerate(attempts) if drawn == numbers) + 1)
    print(f"draws tried: {np.mean(tried):.0f} on average, at most {max(tried)}")
    print(f"seconds: {np.mean(seconds):.2f} on average, at most {max(seconds):.2f}")


if __name__ == "__main__":
    main()
