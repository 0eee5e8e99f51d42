/* Scores each line of the input: ./score ITEM < responses.txt */
#include <stdio.h>
#include <string.h>
#include "scorer.h"

int main(int count, char **arguments)
{
    static char line[1 << 16];
    kd_score_of score;
    kd_scorer *scorer = count == 2 ? kd_scorer_open(arguments[1]) : NULL;
    if (!scorer) return fprintf(stderr, "usage: score ITEM < responses.txt; items are in items.c\n"), 2;
    while (fgets(line, sizeof line, stdin)) {
        if (kd_scorer_score(scorer, line, strcspn(line, "\r\n"), &score)) return 1;
        printf("%s\t%.4f\t%.4f\t%s", score.predicted, score.expected, score.confidence, score.flag);
        for (size_t k = 0; k < score.classes; k++) printf("\t%.7f", score.probabilities[k]);
        putchar('\n');
    }
    kd_scorer_close(scorer);
    return 0;
}
