/* kd_edge_core._core: the core for Python, with the stable ABI from 3.9 on.

   Members, texts and results pass through here; everything else is in kd_edge.c. The lock of the
   interpreter is released while a block of responses is scored. */
#define Py_LIMITED_API 0x03090000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>
#include "kd_edge.h"

/* Responses that are scored at once without the lock; fewer than FEW are scored with it. */
#define BLOCK 256
#define FEW 8

static const char *const FLAGS[] = {
    "", "empty", "long", "prompt", "repeats", "unlike", "list", "review"};
#define FLAG_COUNT 8

typedef struct {
    PyObject_HEAD
    kd_student student;
    PyObject *vectorizer, *weights, *classes, *score_type, *shared, *flags[FLAG_COUNT];
    double *worth;
    uint16_t *prompt;
    void *memory, *index, *scratch;     /* scratch: NULL while a call uses it */
    size_t scratch_bytes;
    kd_real *probabilities;             /* of a single response */
} Core;

/* ---- opening ---- */

/* Copies a sequence of numbers; NULL with an exception set if it is none. */
static double *numbers_of(PyObject *tuple, Py_ssize_t number)
{
    double *values = malloc(sizeof(double) * (size_t)(number ? number : 1));
    if (!values) return (double *)PyErr_NoMemory();
    for (Py_ssize_t k = 0; k < number; k++) {
        PyObject *value = PyTuple_GetItem(tuple, k);
        values[k] = value ? PyFloat_AsDouble(value) : 0;
    }
    if (PyErr_Occurred()) {
        free(values);
        return NULL;
    }
    return values;
}

static int read_prompt(Core *self, PyObject *prompt, kd_item *item)
{
    Py_ssize_t number = PyTuple_Size(prompt);
    self->prompt = malloc(2 * (size_t)(number > 0 ? number : 1));
    if (!self->prompt) PyErr_NoMemory();
    for (Py_ssize_t k = 0; self->prompt && k < number; k++) {
        long code = PyLong_AsLong(PyTuple_GetItem(prompt, k));
        if (code < 0 || code > 0xFFFF) {
            if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "prompt: no code of 16 bits");
            return 0;
        }
        self->prompt[k] = (uint16_t)code;
    }
    item->prompt = self->prompt;
    item->prompts = (uint32_t)number;
    return self->prompt != NULL;
}

static int open_student(Core *self, kd_item *item)
{
    char *vectorizer, *weights;
    Py_ssize_t vectorizer_bytes, weights_bytes;
    if (PyBytes_AsStringAndSize(self->vectorizer, &vectorizer, &vectorizer_bytes) < 0
        || PyBytes_AsStringAndSize(self->weights, &weights, &weights_bytes) < 0)
        return -1;
    size_t bytes = kd_question_bytes(item, vectorizer, (size_t)vectorizer_bytes);
    self->memory = malloc(bytes ? bytes : 1);
    if (!self->memory) return PyErr_NoMemory(), -1;
    int error = kd_open(&self->student, item, vectorizer, (size_t)vectorizer_bytes, weights,
                        (size_t)weights_bytes, self->memory, bytes);
    if (error) return PyErr_SetString(PyExc_ValueError, kd_message(error)), -1;
    self->scratch_bytes = kd_scratch_bytes(&self->student) + kd_memo_bytes(&self->student);
    if (self->scratch_bytes < kd_explain_bytes(&self->student))
        self->scratch_bytes = kd_explain_bytes(&self->student);
    if (self->shared) {
        kd_share_index(&self->student, &((Core *)self->shared)->student);
        return 0;
    }
    bytes = kd_index_bytes(item);
    self->index = malloc(bytes ? bytes : 1);
    if (!self->index) return PyErr_NoMemory(), -1;
    return kd_use_index(&self->student, self->index, bytes);
}

static int core_init(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {
        "student", "rules", "gram", "sizes", "dimensions", "classes", "worth", "nearest", "review",
        "longest", "distinct", "known", "prompt", "vectorizer", "weights", "shared", NULL};
    Core *self = (Core *)object;
    kd_item item = {0};
    PyObject *classes, *worth, *known, *prompt, *vectorizer, *weights, *shared;
    if (self->vectorizer) return PyErr_SetString(PyExc_RuntimeError, "opened twice"), -1;
    if (!PyArg_ParseTupleAndKeywords(
            arguments, keywords, "iII(III)IO!O!pdidO!O!SSO", names, &item.student, &item.rules,
            &item.gram, &item.words, &item.grams, &item.pairs, &item.dimensions, &PyTuple_Type,
            &classes, &PyTuple_Type, &worth, &item.decision, &item.review, &item.longest,
            &item.distinct, &PyTuple_Type, &known, &PyTuple_Type, &prompt, &vectorizer, &weights,
            &shared))
        return -1;
    Py_INCREF(self->vectorizer = vectorizer);
    Py_INCREF(self->weights = weights);
    Py_INCREF(self->classes = classes);
    if (shared != Py_None) {
        /* The same network, which is what makes the index of the other one right for this one. */
        if (Py_TYPE(shared) != Py_TYPE(object) || ((Core *)shared)->weights != weights)
            return PyErr_SetString(PyExc_ValueError, "shared: another network"), -1;
        Py_INCREF(self->shared = shared);
    }
    item.classes = (uint32_t)PyTuple_Size(classes);
    if (PyTuple_Size(worth) != PyTuple_Size(classes))
        return PyErr_SetString(PyExc_ValueError, "worth: not one for each class"), -1;
    item.worth = self->worth = numbers_of(worth, PyTuple_Size(worth));
    self->probabilities = malloc(sizeof(kd_real) * (size_t)item.classes + 1);
    if (!self->probabilities) return PyErr_NoMemory(), -1;
    if (!self->worth || !read_prompt(self, prompt, &item)) return -1;
    if (PyTuple_Size(known)) {
        item.has_known = 1;
        if (!PyArg_ParseTuple(known, "ddd", &item.usual, &item.low, &item.high)) return -1;
    }
    for (int k = 0; k < FLAG_COUNT; k++)
        if (!(self->flags[k] = PyUnicode_InternFromString(FLAGS[k]))) return -1;
    return open_student(self, &item);
}

static void core_dealloc(PyObject *object)
{
    Core *self = (Core *)object;
    PyTypeObject *type = Py_TYPE(object);
    Py_XDECREF(self->vectorizer);
    Py_XDECREF(self->weights);
    Py_XDECREF(self->classes);
    Py_XDECREF(self->score_type);
    Py_XDECREF(self->shared);
    for (int k = 0; k < FLAG_COUNT; k++) Py_XDECREF(self->flags[k]);
    free(self->worth);
    free(self->prompt);
    free(self->memory);
    free(self->index);
    free(self->scratch);
    free(self->probabilities);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

/* ---- scoring a block ---- */

typedef struct {
    Core *core;
    void *scratch;
    size_t scratch_bytes;
    Py_ssize_t number;
    PyObject *held[BLOCK];              /* the texts in UTF-8, and where they lie */
    const char *texts[BLOCK];
    size_t bytes[BLOCK];
    kd_result results[BLOCK];
    kd_real *probabilities;             /* BLOCK times the number of classes */
} block;

static PyObject *utf8_of(PyObject *text)
{
    PyObject *bytes = PyUnicode_AsUTF8String(text);
    if (bytes || !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return bytes;
    /* Halves of surrogate pairs, which separate words. */
    PyErr_Clear();
    return PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
}

static block *begin_block(Core *core, Py_ssize_t most)
{
    if (!core->student.table) return PyErr_SetString(PyExc_RuntimeError, "not open"), NULL;
    block *b = malloc(sizeof *b);
    if (!b) return (block *)PyErr_NoMemory();
    b->core = core;
    b->number = 0;
    b->probabilities = malloc(sizeof(kd_real) * core->student.item.classes
                              * (size_t)(most < BLOCK ? most + 1 : BLOCK));
    /* Calls at the same time need scratch of their own; a single one after the other shares. */
    b->scratch_bytes = core->scratch_bytes;
    b->scratch = core->scratch ? core->scratch : calloc(1, core->scratch_bytes);
    core->scratch = NULL;
    if (b->scratch && b->probabilities) return b;
    free(b->scratch);
    free(b->probabilities);
    free(b);
    return (block *)PyErr_NoMemory();
}

static void empty_block(block *b)
{
    while (b->number) {
        PyObject *held = b->held[--b->number];
        Py_DECREF(held);
    }
}

static void end_block(block *b)
{
    empty_block(b);
    if (b->core->scratch) free(b->scratch);
    else b->core->scratch = b->scratch;
    free(b->probabilities);
    free(b);
}

/* Adds a text; 0 with an exception set if it is none. */
static int hold(block *b, PyObject *text)
{
    PyObject *bytes = text ? utf8_of(text) : NULL;
    if (!bytes) return 0;
    b->held[b->number++] = bytes;
    return 1;
}

static int score_held(const block *b)
{
    int error = 0;
    for (Py_ssize_t k = 0; k < b->number && !error; k++)
        error = kd_score(&b->core->student, b->texts[k], b->bytes[k], b->scratch, b->scratch_bytes,
                         b->probabilities + (size_t)k * b->core->student.item.classes,
                         (kd_result *)b->results + k);
    return error;
}

/* Scores the texts of a block; 0 with an exception set on failure. */
static int score_block(block *b)
{
    int error;
    for (Py_ssize_t k = 0; k < b->number; k++) {
        char *text;
        Py_ssize_t size;
        if (PyBytes_AsStringAndSize(b->held[k], &text, &size) < 0) return 0;
        b->texts[k] = text;
        b->bytes[k] = (size_t)size;
    }
    if (b->number < FEW) {
        error = score_held(b);
    } else {
        Py_BEGIN_ALLOW_THREADS
        error = score_held(b);
        Py_END_ALLOW_THREADS
    }
    if (error) PyErr_SetString(PyExc_ValueError, kd_message(error));
    return !error;
}

/* ---- results ---- */

static PyObject *shares_of(const kd_real *values, uint32_t classes)
{
    PyObject *shares = PyTuple_New(classes);
    for (uint32_t k = 0; shares && k < classes; k++) {
        PyObject *value = PyFloat_FromDouble(values[k]);
        if (!value || PyTuple_SetItem(shares, k, value) < 0) {
            Py_DECREF(shares);
            return NULL;
        }
    }
    return shares;
}

static PyObject *probabilities_of(const block *b, Py_ssize_t at)
{
    const uint32_t classes = b->core->student.item.classes;
    return shares_of(b->probabilities + (size_t)at * classes, classes);
}

/* A `Score`: a named tuple, filled without its constructor, which would take as long as scoring. */
static PyObject *new_score(Core *core, const kd_result *result, const kd_real *probabilities)
{
    PyObject *fields[5] = {
        PyTuple_GetItem(core->classes, result->place), PyFloat_FromDouble(result->expected),
        PyFloat_FromDouble(result->confidence), core->flags[result->flag],
        shares_of(probabilities, core->student.item.classes)};
    PyObject *score = PyType_GenericAlloc((PyTypeObject *)core->score_type, 5);
    Py_XINCREF(fields[0]);
    Py_XINCREF(fields[3]);
    for (int k = 0; k < 5; k++) {
        if (score && fields[k]) {
            PyTuple_SetItem(score, k, fields[k]);
            continue;
        }
        Py_XDECREF(fields[k]);
        Py_CLEAR(score);
    }
    return score;
}

static PyObject *score_of(const block *b, Py_ssize_t at)
{
    return new_score(b->core, b->results + at,
                     b->probabilities + (size_t)at * b->core->student.item.classes);
}

/* A list with what `result_of` gives for each text. */
static PyObject *many(PyObject *object, PyObject *texts,
                      PyObject *(*result_of)(const block *, Py_ssize_t))
{
    const int is_list = PyList_Check(texts);
    if (!is_list && !PyTuple_Check(texts))
        return PyErr_SetString(PyExc_TypeError, "expected a list or a tuple of strings"), NULL;
    const Py_ssize_t number = is_list ? PyList_Size(texts) : PyTuple_Size(texts);
    block *b = begin_block((Core *)object, number);
    if (!b) return NULL;
    PyObject *results = PyList_New(number);
    int good = results != NULL;
    for (Py_ssize_t start = 0; good && start < number; start += BLOCK) {
        const Py_ssize_t end = number - start < BLOCK ? number : start + BLOCK;
        for (Py_ssize_t k = start; good && k < end; k++)
            good = hold(b, is_list ? PyList_GetItem(texts, k) : PyTuple_GetItem(texts, k));
        good = good && score_block(b);
        for (Py_ssize_t k = start; good && k < end; k++) {
            PyObject *result = result_of(b, k - start);
            good = result && PyList_SetItem(results, k, result) == 0;
        }
        empty_block(b);
    }
    end_block(b);
    if (!good) Py_CLEAR(results);
    return results;
}

static PyObject *core_score_many(PyObject *self, PyObject *texts)
{
    if (((Core *)self)->score_type) return many(self, texts, score_of);
    return PyErr_SetString(PyExc_RuntimeError, "`set_up` comes first"), NULL;
}

/* A single response, with the lock and without a block: this is what is called one by one. */
static PyObject *core_score(PyObject *object, PyObject *text)
{
    Core *self = (Core *)object;
    kd_result result;
    char *from;
    Py_ssize_t bytes;
    if (!self->score_type) return PyErr_SetString(PyExc_RuntimeError, "`set_up` comes first"), NULL;
    PyObject *held = utf8_of(text);
    if (!held || PyBytes_AsStringAndSize(held, &from, &bytes) < 0) return NULL;
    if (!self->scratch) self->scratch = calloc(1, self->scratch_bytes);
    int error = !self->scratch ? KD_E_MEMORY
              : kd_score(&self->student, from, (size_t)bytes, self->scratch, self->scratch_bytes,
                         self->probabilities, &result);
    Py_DECREF(held);
    if (error) return PyErr_SetString(PyExc_ValueError, kd_message(error)), NULL;
    return new_score(self, &result, self->probabilities);
}

/* Says of which type scores are, a named tuple of five, and below which confidence they are to be
   reviewed. */
static PyObject *core_set_up(PyObject *object, PyObject *arguments)
{
    Core *self = (Core *)object;
    PyObject *type;
    if (!PyArg_ParseTuple(arguments, "O!d", &PyType_Type, &type, &self->student.item.review))
        return NULL;
    if (!PyType_IsSubtype((PyTypeObject *)type, &PyTuple_Type))
        return PyErr_SetString(PyExc_TypeError, "scores have to be tuples"), NULL;
    Py_INCREF(type);
    Py_XDECREF(self->score_type);
    self->score_type = type;
    Py_RETURN_NONE;
}

static PyObject *core_probabilities(PyObject *self, PyObject *texts)
{
    return many(self, texts, probabilities_of);
}

/* ---- explaining, and words ---- */

typedef struct {
    PyObject *list;
    uint32_t classes;
    int failed;
} collected;

static void collect(collected *c, PyObject *value)
{
    if (!value || PyList_Append(c->list, value) < 0) c->failed = 1;
    Py_XDECREF(value);
}

static void collect_push(void *context, const kd_push *push)
{
    collected *c = context;
    PyObject *pushes = PyTuple_New(c->classes);
    for (uint32_t k = 0; pushes && k < c->classes; k++)
        PyTuple_SetItem(pushes, k, PyFloat_FromDouble(push->pushes[k]));
    PyObject *words = PyList_New(0);
    if (words && push->words) {
        collected inner = {words, 0, 0};
        collect(&inner, PyUnicode_FromStringAndSize(push->first, (Py_ssize_t)push->first_bytes));
        if (push->words == 2)
            collect(&inner, PyUnicode_FromStringAndSize(push->second, (Py_ssize_t)push->second_bytes));
        c->failed |= inner.failed;
    }
    if (!pushes || !words) {
        Py_XDECREF(pushes);
        Py_XDECREF(words);
        c->failed = 1;
        return;
    }
    PyObject *known = PyBool_FromLong(push->known);
    collect(c, Py_BuildValue("(NNN)", words, known, pushes));
}

static PyObject *core_explain(PyObject *object, PyObject *text)
{
    Core *self = (Core *)object;
    block *b = begin_block(self, 1);
    if (!b) return NULL;
    collected c = {PyList_New(0), self->student.item.classes, 0};
    char *bytes;
    Py_ssize_t size;
    if (c.list && hold(b, text) && PyBytes_AsStringAndSize(b->held[0], &bytes, &size) == 0) {
        int error = kd_explain(&self->student, bytes, (size_t)size, b->scratch, b->scratch_bytes,
                               b->probabilities, collect_push, &c);
        if (error) PyErr_SetString(PyExc_ValueError, kd_message(error));
    }
    end_block(b);
    if (PyErr_Occurred()) Py_CLEAR(c.list);
    return c.list;
}

static PyObject *core_known(PyObject *object, PyObject *texts);

static void collect_piece(void *context, const char *piece, uint32_t bytes, int last)
{
    collect(context, Py_BuildValue("(s#i)", piece, (Py_ssize_t)bytes, last));
}

static PyObject *core_words(PyObject *module, PyObject *arguments)
{
    (void)module;
    unsigned int rules;
    PyObject *text;
    if (!PyArg_ParseTuple(arguments, "IU", &rules, &text)) return NULL;
    PyObject *bytes = utf8_of(text);
    if (!bytes) return NULL;
    collected c = {PyList_New(0), 0, 0};
    if (c.list && kd_words(rules, PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes),
                           collect_piece, &c))
        PyErr_SetString(PyExc_ValueError, kd_message(KD_E_RULES));
    Py_DECREF(bytes);
    if (PyErr_Occurred()) Py_CLEAR(c.list);
    return c.list;
}

/* ---- writing ---- */

#define MEAN_DECIMALS 4
#define SHARE_DECIMALS 6
#define ROW_BYTES 2048          /* of a row in all */

/* A row that is being written. */
typedef struct {
    char text[ROW_BYTES];
    size_t bytes;
    int whole;                  /* 0 once something cannot be written */
} row;

static void put_bytes(row *r, const char *from, size_t bytes)
{
    if (!from || bytes > ROW_BYTES - r->bytes) {
        r->whole = 0;
        return;
    }
    memcpy(r->text + r->bytes, from, bytes);
    r->bytes += bytes;
}

/* A part of the row, then a number of a tuple. */
static void put_number(row *r, PyObject *parts, Py_ssize_t part, PyObject *numbers, Py_ssize_t at,
                       int decimals)
{
    PyObject *before = PyTuple_GetItem(parts, part), *number = PyTuple_GetItem(numbers, at);
    if (!before || !number) return;
    char digits[24];
    put_bytes(r, PyBytes_AsString(before), (size_t)PyBytes_Size(before));
    const size_t length = kd_decimal(PyFloat_AsDouble(number), decimals, digits);
    put_bytes(r, length ? digits : NULL, length);
}

/* A score's numbers between parts of a row; None if one of them is too large. */
static PyObject *core_row(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *parts, *score;
    row r;
    r.bytes = 0;
    r.whole = 1;
    if (!PyArg_ParseTuple(arguments, "O!O!", &PyTuple_Type, &parts, &PyTuple_Type, &score)) return NULL;
    PyObject *flag = PyTuple_GetItem(score, 3), *shares = PyTuple_GetItem(score, 4);
    PyObject *before_flag = PyTuple_GetItem(parts, 2), *last = NULL;
    const Py_ssize_t classes = shares ? PyTuple_Size(shares) : 0;
    put_number(&r, parts, 0, score, 1, MEAN_DECIMALS);
    put_number(&r, parts, 1, score, 2, MEAN_DECIMALS);
    /* Flags are ASCII, and the part before one is written with it. */
    PyObject *ascii = flag ? PyUnicode_AsUTF8String(flag) : NULL;
    if (ascii && before_flag) {
        put_bytes(&r, PyBytes_AsString(before_flag), (size_t)PyBytes_Size(before_flag));
        put_bytes(&r, PyBytes_AsString(ascii), (size_t)PyBytes_Size(ascii));
    }
    Py_XDECREF(ascii);
    for (Py_ssize_t k = 0; k < classes; k++) put_number(&r, parts, 3 + k, shares, k, SHARE_DECIMALS);
    if (!PyErr_Occurred()) last = PyTuple_GetItem(parts, 3 + classes);
    if (last) put_bytes(&r, PyBytes_AsString(last), (size_t)PyBytes_Size(last));
    if (PyErr_Occurred()) return NULL;
    if (r.whole) return PyUnicode_FromStringAndSize(r.text, (Py_ssize_t)r.bytes);
    Py_RETURN_NONE;
}

/* Each response's number of words and of known n-grams, and its place among the classes. */
static PyObject *counts_of(const block *b, Py_ssize_t at)
{
    const kd_result *r = b->results + at;
    return Py_BuildValue("(III)", r->words, r->known, r->place);
}

static PyObject *core_known(PyObject *self, PyObject *texts) { return many(self, texts, counts_of); }

static PyMethodDef METHODS[] = {
    {"set_up", core_set_up, METH_VARARGS, "Takes the type of scores and the limit for review."},
    {"score", core_score, METH_O, "The `Score` of a text."},
    {"score_many", core_score_many, METH_O, "The `Score` of each text."},
    {"probabilities", core_probabilities, METH_O, "The probabilities of each text."},
    {"counts", core_known, METH_O, "Words, known n-grams and place of the class of each text."},
    {"explain", core_explain, METH_O, "What each word and pair of a text added to the logits."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot SLOTS[] = {
    {Py_tp_doc, "A student that is ready to score; see kd_edge.h."},
    {Py_tp_init, core_init},
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_dealloc, core_dealloc},
    {Py_tp_methods, METHODS},
    {0, NULL}};

static PyType_Spec SPEC = {"kd_edge_core._core.Core", sizeof(Core), 0, Py_TPFLAGS_DEFAULT, SLOTS};

static PyMethodDef FUNCTIONS[] = {
    {"words", core_words, METH_VARARGS,
     "The pieces of words of a text by rules of this number, and whether each ends a word."},
    {"row", core_row, METH_VARARGS, "The numbers of a `Score`, between parts of a row."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "kd_edge_core._core", "kd-edge's core in C.", -1, FUNCTIONS, NULL, NULL,
    NULL, NULL};

PyMODINIT_FUNC PyInit__core(void)
{
    PyObject *module = PyModule_Create(&MODULE);
    PyObject *type = module ? PyType_FromSpec(&SPEC) : NULL;
    if (type && PyModule_AddObject(module, "Core", type) == 0) return module;
    Py_XDECREF(type);
    Py_XDECREF(module);
    return NULL;
}
