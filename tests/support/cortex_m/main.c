/* Scores every text of texts.h on a Cortex-M and prints, by semihosting, a line for each: class, flag,
   probabilities in units of 1e-7. The last line: bytes of scratch, of the question, of stack, and of the
   rest. */
#include "items.h"
#include "texts.h"

extern uint8_t bss_end[], stack_top[];
void start(void);
__attribute__((section(".vectors"), used)) static void *const vectors[2] = {stack_top, (void *)start};

static void host(int call, const void *data)
{
    register int r0 __asm__("r0") = call;
    register const void *r1 __asm__("r1") = data;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void print(uint32_t number, char end)
{
    char text[14], *at = text + 12;
    text[12] = end;
    text[13] = 0;
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    host(4, at);
}

static uint8_t scratch[SCRATCH];
static uint32_t question[QUESTION / 4];
static size_t question_bytes;
static kd_student student;
static kd_real probabilities[CLASSES];

static void score_all(const kd_entry *e)
{
    kd_result result;
    question_bytes = kd_question_bytes(&e->item, e->vectorizer, e->vectorizer_bytes);
    int error = kd_open(&student, &e->item, e->vectorizer, e->vectorizer_bytes, e->weights,
                        e->weights_bytes, question, sizeof question);
    for (uint32_t k = 0; !error && k < sizeof texts / sizeof *texts; k++) {
        error = kd_score(&student, texts[k].text, texts[k].bytes, scratch, sizeof scratch, probabilities, &result);
        if (error) break;
        print(result.place, ' ');
        print(result.flag, ' ');
        for (uint32_t c = 0; c < e->item.classes; c++)
            print((uint32_t)(probabilities[c] * 1e7f + 0.5f), c + 1 < e->item.classes ? ' ' : '\n');
    }
    if (error) host(4, kd_message(error));
}

void start(void)
{
    uint8_t *free_end = stack_top - 256, *at;
    for (at = bss_end; at < free_end; at++) *at = 0xA5;     /* to see how far the stack grows */
#ifdef BARE                     /* to see what the core takes without an item */
    score_all((const kd_entry *)bss_end);
#else
    score_all(&kd_items[ITEM]);
#endif
    for (at = bss_end; *at == 0xA5; at++) {}
    print((uint32_t)kd_scratch_bytes(&student), ' ');
    print((uint32_t)question_bytes, ' ');
    print((uint32_t)(stack_top - at), ' ');
    print((uint32_t)(sizeof student + sizeof probabilities), '\n');
    host(0x18, (void *)0x20026);
    for (;;) {}
}
