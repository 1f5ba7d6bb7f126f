/* Full-batch gradient descent on the two-layer network, every step of it, in 80-bit long double.
 *
 * Written from the formulas of the model alone (Kou, Chen & Gu, NeurIPS 2023, arXiv:2310.18935) and
 * sharing nothing with the program under test. With neurons k = 1..2m of sign s_k = +1 (the first m)
 * or -1, samples x_i and labels y_i = +1 or -1,
 *
 *     h_ki = <w_k, x_i>,   D_ki = 1 if h_ki > 0 else slope  (so the slope at the kink is `slope`),
 *     q_i  = y_i (1/m) sum_k s_k D_ki h_ki,
 *     w_k  <- w_k + (step_size / (n m)) s_k sum_i D_ki y_i g(q_i) x_i,   g(q) = 1/(1 + e^q).
 *
 * Where d >= n, steps are taken on H = W X^T: sample x_j enters h_ki through <x_j, x_i> alone. The
 * weights are W(0) + C X, where C collects, for each neuron, the sums of y_i g_i over the steps during
 * which its slopes were as they are. Where d < n steps are taken on W itself: C is not determined by W
 * there, and grows without end, its parts cancelling, where W stays.
 *
 *     simulate PROBLEM STEPS [RELATIVE SEED [FROM GROWTH]]
 *
 * PROBLEM is a binary file: int32 n, d, m, then float64 slope, step size, X [n d], y [n], W(0) [2m d].
 * STEPS is a text file of ascending numbers; one line of JSON is printed at each of them.
 *
 * With RELATIVE, a twin: samples and initial weights, and H (or W) at every power of two, are multiplied
 * the descent is chaotic, so that no arithmetic of that precision follows it.
 *
 * With FROM and GROWTH, steps past FROM are strides: from step t, one of them moves as GROWTH t steps
 * with the gradient at t would. This is Euler's rule for the gradient flow in log t, of first order in
 * GROWTH, which also chatters at a kink by as much: two values of GROWTH tell how far to trust it.
 */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef long double real;

/* What one step adds to the state may be computed in double precision, which is several times faster
 * and adds at most 1e-16 of the distance travelled: -DQUICK, for campaigns. The state is `real`. */
#ifdef QUICK
typedef double part;
#define EXP exp
#else
typedef long double part;
#define EXP expl
#endif
typedef unsigned long long mask;

/* Changes of the same-sign pattern that are kept for the output: the latest. */
#define KEPT 64

static int n, d, m, neurons;
static real slope, step_size, relative, from = INFINITY, growth;
static int by_weights;
static real *x, *y, *w0, *w, *h, *c, *sums, *since;
/* X and G = X X^T as steps read them, and what the neurons of each pattern move by. */
static part *samples, *gram, *delta;
static mask *active, *delta_of;
static struct { real step; int neuron, sample, now; } kept[KEPT];
static long same_changes, opposite_changes, loss_rises;
static real same_latest;
static uint64_t generator = 88172645463325252ull;

static void fail(const char *what) {
    fprintf(stderr, "simulate: %s\n", what);
    exit(2);
}

static void *zeros(size_t count, size_t size) {
    void *found = calloc(count ? count : 1, size);
    if (!found) fail("out of memory");
    return found;
}

/* A factor 1 + relative u. */
static real disturbance(void) {
    if (relative == 0) return 1;
    generator ^= generator << 13;
    generator ^= generator >> 7;
    generator ^= generator << 17;
    return 1 + relative * (2 * (real)(generator >> 11) / 9007199254740992.0L - 1);
}

static void read_numbers(FILE *file, real *into, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double value;
        if (fread(&value, sizeof value, 1, file) != 1) fail("the problem ends too early");
        into[i] = value;
    }
}

static void read_problem(const char *path) {
    FILE *file = fopen(path, "rb");
    int32_t sizes[3];
    if (!file || fread(sizes, sizeof sizes, 1, file) != 1) fail("no such problem");
    n = sizes[0], d = sizes[1], m = sizes[2], neurons = 2 * m;
    if (n < 1 || n > 64 || d < 1 || m < 1) fail("expected 1 <= n <= 64 and d, m >= 1");
    x = zeros((size_t)n * d, sizeof *x);
    y = zeros(n, sizeof *y);
    w0 = zeros((size_t)neurons * d, sizeof *w0);
    real numbers[2];
    read_numbers(file, numbers, 2);
    slope = numbers[0], step_size = numbers[1];
    read_numbers(file, x, (size_t)n * d);
    read_numbers(file, y, n);
    read_numbers(file, w0, (size_t)neurons * d);
    fclose(file);
}

static int sign(int k) { return k < m ? 1 : -1; }

static real dot(const real *a, const real *b, int count) {
    real sum = 0;
    for (int i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* H = W X^T. */
static void pre_activate(void) {
    for (int k = 0; k < neurons; k++)
        for (int i = 0; i < n; i++)
            h[k * n + i] = dot(w + (size_t)k * d, x + (size_t)i * d, d);
}

static void prepare(void) {
    for (size_t i = 0; i < (size_t)n * d; i++) x[i] *= disturbance();
    for (size_t i = 0; i < (size_t)neurons * d; i++) w0[i] *= disturbance();
    by_weights = d < n;
    w = zeros((size_t)neurons * d, sizeof *w);
    memcpy(w, w0, (size_t)neurons * d * sizeof *w);
    gram = zeros((size_t)n * n, sizeof *gram);
    h = zeros((size_t)neurons * n, sizeof *h);
    c = zeros((size_t)neurons * n, sizeof *c);
    since = zeros((size_t)neurons * n, sizeof *since);
    sums = zeros(n, sizeof *sums);
    delta = zeros((size_t)neurons * (n > d ? n : d), sizeof *delta);
    active = zeros(neurons, sizeof *active);
    delta_of = zeros(neurons, sizeof *delta_of);
    samples = zeros((size_t)n * d, sizeof *samples);
    for (size_t i = 0; i < (size_t)n * d; i++) samples[i] = x[i];
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) gram[i * n + j] = dot(x + (size_t)i * d, x + (size_t)j * d, d);
    pre_activate();
}

static real slope_at(mask bits, int i) { return bits >> i & 1 ? 1 : slope; }

/* Adds to C what neuron k has moved since its slopes last changed. */
static void collect(int k) {
    for (int i = 0; i < n; i++) {
        real moved = sums[i] - since[k * n + i];
        c[k * n + i] += sign(k) * slope_at(active[k], i) * moved;
        since[k * n + i] = sums[i];
    }
}

static void note_changes(int k, mask now, real step) {
    mask differ = now ^ active[k];
    for (int i = 0; i < n; i++) {
        if (!(differ >> i & 1)) continue;
        if (sign(k) * y[i] > 0) {
            kept[same_changes % KEPT].step = step;
            kept[same_changes % KEPT].neuron = k;
            kept[same_changes % KEPT].sample = i;
            kept[same_changes % KEPT].now = now >> i & 1;
            same_changes++;
            same_latest = step;
        } else {
            opposite_changes++;
        }
    }
}

static mask signs(int k) {
    mask bits = 0;
    for (int i = 0; i < n; i++)
        if (h[k * n + i] > 0) bits |= 1ull << i;
    return bits;
}

static void look(real step) {
    for (int k = 0; k < neurons; k++) {
        mask now = signs(k);
        if (now == active[k]) continue;
        if (step > 0) {
            collect(k);
            note_changes(k, now, step);
        }
        active[k] = now;
    }
}

static void margins(real *q) {
    memset(q, 0, n * sizeof *q);
    for (int k = 0; k < neurons; k++)
        for (int i = 0; i < n; i++) {
            real value = h[k * n + i];
            if (value <= 0) value *= slope;
            q[i] += k < m ? value : -value;
        }
    for (int i = 0; i < n; i++) q[i] *= y[i] / m;
}

/* Adds or subtracts the movement of neuron k. */
static void add(int k, const part *moved, real *row, int length) {
    for (int j = 0; j < length; j++) row[j] += k < m ? moved[j] : -moved[j];
}

/* With P = count (step size/(nm)) diag(s) (D * (1 (y g)^T)), H += P G or W += P X; what moves is
 * computed once for all neurons of equal slopes. */
static void take_step(const real *q, real count) {
    part pull[64];
    const part factor = count * step_size / ((real)n * m);
    for (int i = 0; i < n; i++) {
        pull[i] = factor * (part)y[i] / (1 + EXP((part)q[i]));
        sums[i] += pull[i];
    }
    int known = 0, length = by_weights ? d : n;
    for (int k = 0; k < neurons; k++) {
        int which = 0;
        while (which < known && delta_of[which] != active[k]) which++;
        part *moved = delta + which * length;
        if (which == known) {
            delta_of[known++] = active[k];
            memset(moved, 0, length * sizeof *moved);
            for (int i = 0; i < n; i++) {
                const part scaled = (part)slope_at(active[k], i) * pull[i];
                const part *row = by_weights ? samples + (size_t)i * d : gram + i * n;
                if (scaled != 0)
                    for (int j = 0; j < length; j++) moved[j] += scaled * row[j];
            }
        }
        add(k, moved, (by_weights ? w : h) + (size_t)k * length, length);
    }
    if (by_weights) pre_activate();
}

/* The largest eigenvalue of a symmetric matrix, by cyclic Jacobi rotations. */
static real largest_eigenvalue(real *a, int size) {
    for (int sweep = 0; sweep < 100; sweep++) {
        real off = 0, all = 0;
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++) {
                real square = a[i * size + j] * a[i * size + j];
                all += square;
                if (i != j) off += square;
            }
        if (off <= 1e-38L * all) break;
        for (int p = 0; p < size; p++)
            for (int q = p + 1; q < size; q++) {
                if (a[p * size + q] == 0) continue;
                real theta = (a[q * size + q] - a[p * size + p]) / (2 * a[p * size + q]);
                real t = (theta >= 0 ? 1 : -1) / (fabsl(theta) + sqrtl(theta * theta + 1));
                real co = 1 / sqrtl(t * t + 1), si = t * co;
                for (int i = 0; i < size; i++) {
                    real u = a[p * size + i], v = a[q * size + i];
                    a[p * size + i] = co * u - si * v, a[q * size + i] = si * u + co * v;
                }
                for (int i = 0; i < size; i++) {
                    real u = a[i * size + p], v = a[i * size + q];
                    a[i * size + p] = co * u - si * v, a[i * size + q] = si * u + co * v;
                }
            }
    }
    real found = a[0];
    for (int i = 1; i < size; i++)
        if (a[i * size + i] > found) found = a[i * size + i];
    return found;
}

/* Squared Frobenius norm and squared spectral norm of rows of W = W(0) + C X. */
static void norms(const real *w, int rows, real *frobenius, real *spectral) {
    int by_rows = rows <= d, size = by_rows ? rows : d;
    real *a = zeros((size_t)size * size, sizeof *a);
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++)
            if (by_rows)
                a[i * size + j] = dot(w + (size_t)i * d, w + (size_t)j * d, d);
            else
                for (int r = 0; r < rows; r++) a[i * size + j] += w[r * d + i] * w[r * d + j];
    *frobenius = 0;
    for (int i = 0; i < size; i++) *frobenius += a[i * size + i];
    *spectral = largest_eigenvalue(a, size);
    free(a);
}

static void print_array(const char *name, const real *values, int count) {
    printf(", \"%s\": [", name);
    for (int i = 0; i < count; i++) printf("%s%.21Lg", i ? ", " : "", values[i]);
    printf("]");
}

/* log(log(1 + e^-q)), which is -q + O(e^-q) where the exponential is beyond the last bit. */
static real log_of_loss(real q) { return q > 45 ? -q : logl(q > 0 ? log1pl(expl(-q))
                                                           : log1pl(expl(q)) - q); }

static void print_weights(void) {
    for (int k = 0; k < neurons && !by_weights; k++) {
        collect(k);
        for (int a = 0; a < d; a++) {
            real value = w0[(size_t)k * d + a];
            for (int i = 0; i < n; i++) value += c[k * n + i] * x[(size_t)i * d + a];
            w[(size_t)k * d + a] = value;
        }
    }
    real whole, ignored, blocks[2], ranks[3];
    for (int b = 0; b < 2; b++) {
        norms(w + (size_t)b * m * d, m, &blocks[b], &ignored);
        ranks[b] = blocks[b] / ignored;
    }
    norms(w, neurons, &whole, &ignored);
    ranks[2] = whole / ignored;
    printf(", \"weight_norm\": %.21Lg", sqrtl(whole));
    const char *names[] = {"stable_rank_pos", "stable_rank_neg", "stable_rank"};
    for (int b = 0; b < 3; b++) {
        if (isnan(ranks[b]) || isinf(ranks[b])) printf(", \"%s\": null", names[b]);
        else printf(", \"%s\": %.21Lg", names[b], ranks[b]);
    }
}

static void print_patterns(void) {
    printf(", \"active\": [");
    for (int k = 0; k < neurons; k++) {
        printf("%s\"", k ? ", " : "");
        for (int i = 0; i < n; i++) putchar(active[k] >> i & 1 ? '1' : '0');
        putchar('"');
    }
    printf("], \"same_sign_changes\": %ld, \"same_sign_latest\": %.21Lg, \"opposite_sign_changes\": %ld",
           same_changes, same_latest, opposite_changes);
    printf(", \"loss_rises\": %ld, \"latest_same_sign_changes\": [", loss_rises);
    long first = same_changes > KEPT ? same_changes - KEPT : 0;
    for (long e = first; e < same_changes; e++)
        printf("%s[%.21Lg, %d, %d, %d]", e > first ? ", " : "", kept[e % KEPT].step,
               kept[e % KEPT].neuron, kept[e % KEPT].sample, kept[e % KEPT].now);
    printf("]");
}

static void print_state(real step, const real *q) {
    real logs[64], top = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++) {
        logs[i] = log_of_loss(q[i]);
        if (logs[i] > top) top = logs[i];
    }
    for (int i = 0; i < n; i++) sum += expl(logs[i] - top);
    real log_loss = top + logl(sum / n);
    printf("{\"step\": %.21Lg, \"loss\": %.21Lg, \"log_loss\": %.21Lg", step, expl(log_loss), log_loss);
    print_array("margins", q, n);
    print_weights();
    print_array("h", h, neurons * n);
    print_patterns();
    printf("}\n");
    fflush(stdout);
}

static real mean_loss(const real *q) {
    real sum = 0;
    for (int i = 0; i < n; i++) sum += expl(log_of_loss(q[i]));
    return sum / n;
}

/* How many steps the next one stands for, on the way to `wanted`. */
static real stride(real step, real wanted) {
    if (step < from) return 1;
    real count = floorl(growth * step);
    if (count < 1) count = 1;
    return count < wanted - step ? count : wanted - step;
}

static void disturb(void) {
    real *state = by_weights ? w : h;
    for (int p = 0; p < neurons * (by_weights ? d : n); p++) state[p] *= disturbance();
    if (by_weights) pre_activate();
}

static void descend(real wanted, real *step, real *q) {
    static real before = INFINITY;
    while (*step < wanted) {
        margins(q);
        /* Losses of neighbouring steps are compared while they are far apart: at first. */
        if (*step < 100000) {
            real loss = mean_loss(q);
            loss_rises += loss > before;
            before = loss;
        }
        real count = stride(*step, wanted);
        take_step(q, count);
        *step += count;
        if (relative != 0 && *step < 1e18L && ((uint64_t)*step & ((uint64_t)*step - 1)) == 0)
            disturb();
        look(*step);
    }
}

int main(int count, char **arguments) {
    if (LDBL_MANT_DIG != 64) fail("long double has no 64-bit mantissa here");
    if (count != 3 && count != 5 && count != 7)
        fail("expected PROBLEM STEPS [RELATIVE SEED [FROM GROWTH]]");
    if (count >= 5) {
        relative = strtold(arguments[3], NULL);
        generator ^= strtoull(arguments[4], NULL, 10) * 0x9E3779B97F4A7C15ull;
    }
    if (count == 7) {
        from = strtold(arguments[5], NULL);
        growth = strtold(arguments[6], NULL);
    }
    read_problem(arguments[1]);
    prepare();
    FILE *steps = fopen(arguments[2], "r");
    real wanted, step = 0, q[64];
    if (!steps) fail("no such list of steps");
    look(0);
    while (fscanf(steps, "%Lf", &wanted) == 1) {
        descend(wanted, &step, q);
        margins(q);
        print_state(step, q);
    }
    fclose(steps);
    return 0;
}
