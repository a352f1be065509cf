/* SGD on a network of sigmoid layers, written by hand; what depends on the network stands behind a dollar.

   Of every layer the weights are `inputs` rows of `units` numbers, then come the biases. TILE examples go through
   the weights together where these are many, so that each is fetched once for all of them. */
#include <tgmath.h>

typedef $real real;
enum { BATCH = $batch, BATCHES = $batches, TILE = $tile };
#define INLINE static inline __attribute__((always_inline))

/* a = sigmoid(x w + b) */
INLINE void forward(int inputs, int units, const real *restrict w, const real *restrict b,
                    const real *restrict x, real *restrict a)
{
    for (int e = 0; e < BATCH; e += TILE, x += TILE * inputs, a += TILE * units) {
        for (int t = 0; t < TILE; t++)
            for (int j = 0; j < units; j++)
                a[t * units + j] = b[j];
        for (int i = 0; i < inputs; i++)
            for (int j = 0; j < units; j++)
                for (int t = 0; t < TILE; t++)
                    a[t * units + j] += x[t * inputs + i] * w[i * units + j];
        for (int k = 0; k < TILE * units; k++)
            a[k] = 1 / (1 + exp(-a[k]));
    }
}

/* d = rate (a - y) a (1 - a): the deltas carry the learning rate */
INLINE void error(int units, const real *restrict a, const real *restrict y, real *restrict d)
{
    for (int k = 0; k < BATCH * units; k++)
        d[k] = (real)$rate * (a[k] - y[k]) * a[k] * (1 - a[k]);
}

/* below = (d w') a (1 - a) */
INLINE void backward(int inputs, int units, const real *restrict w, const real *restrict d,
                     const real *restrict a, real *restrict below)
{
    for (int e = 0; e < BATCH; e += TILE, d += TILE * units, a += TILE * inputs, below += TILE * inputs)
        for (int i = 0; i < inputs; i++) {
            real sum[TILE] = {0};
            for (int j = 0; j < units; j++)
                for (int t = 0; t < TILE; t++)
                    sum[t] += w[i * units + j] * d[t * units + j];
            for (int t = 0; t < TILE; t++)
                below[t * inputs + i] = sum[t] * a[t * inputs + i] * (1 - a[t * inputs + i]);
        }
}

/* w -= x' d, b -= the sum of d */
INLINE void update(int inputs, int units, real *restrict w, real *restrict b, const real *restrict d,
                   const real *restrict x)
{
    for (int e = 0; e < BATCH; e += TILE, d += TILE * units, x += TILE * inputs) {
        for (int i = 0; i < inputs; i++)
            for (int j = 0; j < units; j++) {
                real sum = 0;
                for (int t = 0; t < TILE; t++)
                    sum += x[t * inputs + i] * d[t * units + j];
                w[i * units + j] -= sum;
            }
        for (int t = 0; t < TILE; t++)
            for (int j = 0; j < units; j++)
                b[j] -= d[t * units + j];
    }
}

void run(real *restrict p, const real *restrict xs, const real *restrict ys, long steps)
{
    static real $buffers;
    for (long step = 0; step < steps; step++) {
        const real *x = xs + step % BATCHES * (BATCH * $inputs);
        const real *y = ys + step % BATCHES * (BATCH * $outputs);
        $step
    }
}
