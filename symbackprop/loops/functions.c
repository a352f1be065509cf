/* -1, 0 or 1. */
static inline double sign(double x)
{
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x*x;
}

/* x^2. */
static inline double square(double x)
{
    return x*x;
}

/* z log z, 0 at 0. */
static inline double xlogx(double z)
{
    return z != 0.0 ? z*log(z) : 0.0;
}

/* 1/(1 + e^-z); far to the left it is e^z. */
static inline double sigmoid(double z)
{
    return z > -700.0 ? 1.0/(1.0 + exp(-z)) : exp(z);
}

/* max(z, 0). */
static inline double relu(double z)
{
    return z > 0.0 || z != z ? z : 0.0;
}

/* log(1 + e^z) = max(z, 0) + log(1 + e^-|z|). */
static inline double softplus(double z)
{
    return relu(z) + log1p(exp(-fabs(z)));
}

/* z where z > 0, else alpha z. */
static inline double leaky_relu(double z, double alpha)
{
    return z > 0.0 ? z : alpha*z;
}

/* z where z > 0, else alpha (e^z - 1). */
static inline double elu(double z, double alpha)
{
    return z > 0.0 ? z : alpha*expm1(z);
}

/* lambda elu(z, alpha) with the constants of Klambauer and others (2017). */
static inline double selu(double z)
{
    return 1.0507009873554805*elu(z, 1.6732632423543772);
}

/* z Phi(z), Phi by erfc: no digits cancel on the left. */
static inline double gelu(double z)
{
    return z/2.0*erfc(-z/1.4142135623730951);
}

/* z/2 (1 + tanh u) = z sigmoid(2u) with u = sqrt(2/pi) (z + 0.044715 z^3). */
static inline double gelu_tanh(double z)
{
    return z*sigmoid(1.5957691216057308*(z + 0.044715*z*z*z));
}

/* z sigmoid(z). */
static inline double silu(double z)
{
    return z*sigmoid(z);
}

/* z tanh(softplus(z)). */
static inline double mish(double z)
{
    return z*tanh(softplus(z));
}

/* z/(1 + |z|). */
static inline double softsign(double z)
{
    return z/(1.0 + fabs(z));
}

/* 1 where z >= 0, else 0. */
static inline double step(double z)
{
    return z >= 0.0 ? 1.0 : 0.0;
}

/* The larger; NaN where one of them is. */
static inline double maximum(double x, double y)
{
    return x > y || x != x ? x : y;
}

/* The smaller; NaN where one of them is. */
static inline double minimum(double x, double y)
{
    return x < y || x != x ? x : y;
}

/* x between low and high. */
static inline double clip(double x, double low, double high)
{
    return minimum(maximum(x, low), high);
}

/* z/6 + 1/2 between 0 and 1. */
static inline double hard_sigmoid(double z)
{
    return clip(z/6.0 + 0.5, 0.0, 1.0);
}

/* To so many digits behind the point, half to even. */
static inline double rounded(double x, double digits)
{
    double scale = pow(10.0, digits);
    return rint(x*scale)/scale;
}

/* Two rows change their places. */
static inline void swap(double *work, size_t rows, size_t one, size_t other)
{
    for (size_t j = 0; j < rows; j++) {
        double kept = work[one*rows + j];
        work[one*rows + j] = work[other*rows + j];
        work[other*rows + j] = kept;
    }
}

/* Which row, from the diagonal on, has the largest entry in a column. */
static inline size_t pivot_row(const double *work, size_t rows, size_t column)
{
    size_t best = column;
    for (size_t i = column + 1; i < rows; i++)
        if (fabs(work[i*rows + column]) > fabs(work[best*rows + column]))
            best = i;
    return best;
}

/* Take multiples of a row off those below, so that their entries in its column vanish. */
static inline void cleared(double *work, size_t rows, size_t column)
{
    for (size_t i = column + 1; i < rows; i++) {
        double share = work[i*rows + column]/work[column*rows + column];
        for (size_t j = column + 1; j < rows; j++)
            work[i*rows + j] -= share*work[column*rows + j];
    }
}

/* The product of the pivots, its sign changed with each swap of rows; work is used up. */
static inline double determinant(double *work, size_t rows)
{
    double found = 1.0;
    for (size_t column = 0; column < rows; column++) {
        size_t best = pivot_row(work, rows, column);
        if (best != column) {
            swap(work, rows, best, column);
            found = -found;
        }
        found *= work[column*rows + column];
        if (work[column*rows + column] != 0.0)
            cleared(work, rows, column);
    }
    return found;
}

/* log |det A|, the sum of the logarithms of the pivots; work is used up. */
static inline double log_determinant(double *work, size_t rows)
{
    double found = 0.0;
    for (size_t column = 0; column < rows; column++) {
        swap(work, rows, pivot_row(work, rows, column), column);
        found += log(fabs(work[column*rows + column]));
        if (work[column*rows + column] != 0.0)
            cleared(work, rows, column);
    }
    return found;
}

/* The inverse by Gauss and Jordan, work is used up; NAN where the rows depend on each other. */
static inline void inverse(double *result, double *work, size_t rows)
{
    double limit = 0.0;
    for (size_t place = 0; place < rows*rows; place++) {
        result[place] = 0.0;
        limit = fmax(limit, fabs(work[place]));
    }
    limit *= (double)rows*2.220446049250313e-16;
    for (size_t i = 0; i < rows; i++)
        result[i*rows + i] = 1.0;
    for (size_t column = 0; column < rows; column++) {
        size_t best = pivot_row(work, rows, column);
        swap(work, rows, best, column);
        swap(result, rows, best, column);
        double pivot = work[column*rows + column];
        if (!(fabs(pivot) > limit))
            pivot = NAN;
        for (size_t j = 0; j < rows; j++) {
            work[column*rows + j] /= pivot;
            result[column*rows + j] /= pivot;
        }
        for (size_t i = 0; i < rows; i++) {
            double share = work[i*rows + column];
            for (size_t j = 0; i != column && j < rows; j++) {
                work[i*rows + j] -= share*work[column*rows + j];
                result[i*rows + j] -= share*result[column*rows + j];
            }
        }
    }
}
