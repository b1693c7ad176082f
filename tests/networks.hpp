// Small networks of every structure that the planner can meet, and a loop over them.
#pragma once

#include "random_network.hpp"

namespace test {

template <class Net, auto Input> struct Case {
  using Network = Net;
  static constexpr auto input = Input;
};
template <class... Cases> struct CaseList {};

using Chain =
    Case<Sequential<Conv2D<3, 4, 3, 1, same, relu>, DepthwiseConv2D<4, 2, 3, 2, same>, ReLU6,
                    MaxPool<2>, Conv2D<8, 5, Extent{3, 1}>, Flatten, Dense<10, 3>, Softmax>,
         Shape{11, 9, 3}>;
using Residuals =
    Case<Sequential<Conv2D<2, 4, 3, 1, same>,
                    Residual<Sequential<Conv2D<4, 4, 3, 1, same>, ReLU, Conv2D<4, 4, 3, 1, same>>>,
                    ReLU, Residual<Conv2D<4, 6, 3, 2, same>, Conv2D<4, 6, 1, 2, same>>,
                    Residual<Tanh>, GlobalAvgPool, Dense<6, 4>>,
         Shape{8, 7, 2}>;
using Branches = Case<Sequential<Concat<Conv2D<2, 3, 1>, Sequential<Conv2D<2, 2, 3, 1, same>, ReLU>,
                                        MaxPool<3, 1, same>, Identity>,
                                 AvgPool<2>>,
                      Shape{7, 5, 2}>;
using Joints = Case<Graph<Node<Conv2D<2, 2, 1>, 0>, Node<AvgPool<2, 1, same>, 0>,
                          Node<Concatenate<Axis::height>, 1, 2, 0>,
                          Node<Concatenate<Axis::width>, 1, 2, 0>, Outputs<3, 4>>,
                    Shape{4, 3, 2}>;
using Resizes = Case<Sequential<Conv2D<1, 3, 3>, ResizeNearest<9, 7>, Conv2D<3, 2, 3, 2>,
                                ResizeBilinear<7, 8>, MaxPool<3, 2, same>>,
                     Shape{7, 6, 1}>;
using Shrinking =
    Case<Sequential<ResizeBilinear<3, 4, false, true>, ResizeNearest<2, 9, true>>, Shape{8, 7, 2}>;
using MaxReduction =
    Case<Sequential<Conv2D<2, 4, 3, 1, same>, MaxPool<Extent{6, 2}>>, Shape{6, 4, 2}>;
using AverageReduction =
    Case<Sequential<Conv2D<2, 4, 3, 1, same>, AvgPool<5>, Dense<4, 3>>, Shape{5, 5, 2}>;
using DenseRows =
    Case<Sequential<Conv2D<2, 3, 3>, Flatten, Dense<60, 6>, ReLU, Dense<6, 2>>, Shape{7, 6, 2}>;
using DensePixels = Case<Sequential<Dense<3, 5>, ReLU, Dense<5, 2>, Softmax>, Shape{4, 3, 3}>;
using MovedRows =
    Case<Sequential<Conv2D<2, 3, 1>, Reshape<Shape{3, 8, 3}>, Conv2D<3, 2, 3, 1, same>,
                    Reshape<Shape{4, 4, 3}>, AvgPool<2>, Reshape<Shape{1, 1, 12}>, Softmax>,
         Shape{4, 6, 2}>;
using TwoInTwoOut =
    Case<Graph<Node<Conv2D<2, 3, 3, 1, same>, 0>, Node<Conv2D<1, 3, 1>, 1>, Node<Add, 2, 3>,
               Node<Sigmoid, 4>, Node<Mean<Axis::height>, 4>, Outputs<5, 6, 2>>,
         shapes(Shape{5, 4, 2}, Shape{5, 4, 1})>;
using Broadcast = Case<Graph<Node<GlobalAvgPool, 0>, Node<Add, 0, 1>, Node<Tanh, 2>,
                             Node<Mean<Axis::width>, 3>, Node<Add, 4, 3>, Outputs<5>>,
                       Shape{5, 4, 3}>;
using Unread = Case<Graph<Node<Conv2D<1, 2, 1>, 0>, Node<Conv2D<1, 1, 3>, 0>, Node<Sigmoid, 1>,
                          Node<MaxPool<2>, 3>, Outputs<4>>,
                    Shape{7, 7, 1}>;
using Elementwise =
    Case<Sequential<Conv2D<1, 4, 3>, Sigmoid, Tanh, ReLU, ArgMax<>>, Shape{6, 5, 1}>;
using Dilated = Case<Sequential<Conv2D<2, 3, 3, 1, valid, none, 2>,
                                DepthwiseConv2D<3, 1, 3, 1, same, relu, Extent{2, 3}>>,
                     Shape{9, 9, 2}>;
using Means = Case<Sequential<Mean<Axis::channels>, DepthwiseConv2D<1, 3, 3, 1, same>,
                              Mean<Axis::width, false>, ArgMax<Axis::height>>,
                   Shape{5, 6, 2}>;
using Passes =
    Case<Graph<Node<Conv2D<1, 2, 2>, 0>, Node<Flatten, 1>, Outputs<0, 1, 2>>, Shape{4, 5, 1}>;

using All = CaseList<Chain, Residuals, Branches, Joints, Resizes, Shrinking, MaxReduction,
                     AverageReduction, DenseRows, DensePixels, MovedRows, TwoInTwoOut, Broadcast,
                     Unread, Elementwise, Dilated, Means, Passes>;

template <class Function, class... Cases> void for_each(CaseList<Cases...>, Function&& function) {
  (function(Cases{}), ...);
}

}  // namespace test
